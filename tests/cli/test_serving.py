from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

import env
from cli.connection import Connection
from cli.errors import CliError
from cli.serving import score


def refusing(code, message):
    """A connection whose endpoints answer every request with one error."""

    def invoke_endpoint(**_):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "InvokeEndpoint")

    session = SimpleNamespace(client=lambda *_, **__: SimpleNamespace(invoke_endpoint=invoke_endpoint))
    return Connection(env.load("local"), session)


def test_where_nothing_serves_the_remedy_is_an_approval():
    """SageMaker tells an endpoint that is not there by a ValidationError."""
    missing = refusing("ValidationError", "Endpoint credit-risk-local of account 123456789012 not found.")
    with pytest.raises(CliError, match="approve a version first"):
        score(missing, "credit-risk", b"", content_type="text/csv", accept="text/csv")


def test_another_refusal_is_not_taken_for_a_missing_endpoint():
    """A request that is too large is a ValidationError, too."""
    with pytest.raises(CliError, match="too large") as refusal:
        score(
            refusing("ValidationError", "Payload is too large."), "credit-risk", b"", content_type="text/csv", accept=""
        )
    assert "approve" not in str(refusal.value)
