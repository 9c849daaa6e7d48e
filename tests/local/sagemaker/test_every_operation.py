"""Every operation of the service model, asked over the wire: what is valid passes, what the model forbids does not."""

import io
import json

import pytest

from local.model import service
from local.sagemaker import SageMaker
from tests.local.conftest import SmallCloud
from tests.local.sagemaker.conftest import PlainImages
from tests.local.sagemaker.samples import WHOLE, sample, violations

MODEL = service("sagemaker")
SIGNED = "AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0"
KINDS_OF_CONSTRAINTS = {
    "required",
    "type",
    "enum",
    "pattern",
    "min length",
    "max length",
    "min value",
    "max value",
    "min list size",
    "max list size",
}


class Wire:
    """Requests as they come over HTTP, without a client that would stop the invalid ones."""

    def __init__(self, app):
        self._app = app

    def __call__(self, operation, body):
        """The code of the error and its message; two empty strings for an answer."""
        status, answer = self.send(operation, json.dumps(body).encode())
        if status == "200":
            return "", ""
        return answer["__type"], answer["message"]

    def send(self, operation, data):
        """The status and the answer to any bytes."""
        said = []
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(data),
            "CONTENT_LENGTH": str(len(data)),
            "CONTENT_TYPE": "application/x-amz-json-1.1",
            "HTTP_HOST": "localhost",
            "HTTP_X_AMZ_TARGET": f"SageMaker.{operation}",
            "HTTP_AUTHORIZATION": SIGNED,
        }
        chunks = self._app(environ, lambda status, headers, *_: said.append(status))
        return said[0].split()[0], json.loads(b"".join(chunks) or b"{}")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """SageMaker alone in front of moto, for all tests of this file."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        cloud = SmallCloud(tmp_path_factory.mktemp("cloud"), lambda services: SageMaker(services, images=PlainImages()))
        yield cloud
        cloud.close()


@pytest.fixture(scope="module")
def wire(cloud):
    """Asks that cloud."""
    return Wire(cloud.app)


@pytest.mark.parametrize("full", [0, 1, 2, WHOLE], ids="optional members down to level {}".format)
def test_a_valid_request_passes_the_model(wire, full):
    """Nothing that botocore's model allows is taken for malformed, and no operation fails in itself."""
    told = {}
    for name in MODEL.operation_names:
        code, message = wire(name, sample(MODEL.operation_model(name).input_shape, full=full))
        if code in ("SerializationException", "InternalFailure") or "validation error" in message:
            told[name] = message
    assert told == {}


def test_a_request_that_the_model_forbids_passes_nowhere(wire):
    """One violation of each kind of constraint that an operation has anywhere is refused, before anything happens."""
    passed, kinds = [], set()
    for name in MODEL.operation_names:
        shape = MODEL.operation_model(name).input_shape
        for violation in violations(shape, sample(shape, full=WHOLE)):
            kinds.add(violation.kind)
            code, message = wire(name, violation.request)
            refused = code == "UnsupportedLocally"
            if code != "SerializationException" and "validation error" not in message and not refused:
                passed.append((name, violation.kind, violation.at))
    assert passed == []
    assert kinds == KINDS_OF_CONSTRAINTS


@pytest.mark.parametrize("data", [b"{", b"[]", b"1", b'"text"', b"null", b"\xff\xfe", b'{"MaxResults":"1"}'])
def test_what_is_no_object_of_the_operation_is_told_as_such(wire, data):
    """Whatever the bytes are, the answer is AWS's error and the server goes on."""
    status, answer = wire.send("ListModels", data)
    assert (status, answer.get("__type")) == ("400", "SerializationException")


def test_a_member_that_the_model_does_not_know_is_passed_over(wire):
    """As AWS's JSON services do it; clients of a newer model send such members."""
    assert wire("ListModels", {"Newer": {"deep": [1]}}) == ("", "")


@pytest.mark.parametrize("levels", [400, 50_000])
def test_a_body_that_is_nested_without_end_is_told_as_such(wire, levels):
    """As JSON, and as the one shape that contains itself."""
    opened, closed = b'{"SubExpressions":[' * levels, b"]}" * levels
    search = b'{"Resource":"TrainingJob","SearchExpression":' + opened + b"{}" + closed + b"}"
    status, answer = wire.send("Search", search)
    assert (status, answer["__type"]) == ("400", "SerializationException")
