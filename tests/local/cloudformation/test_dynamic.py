import pytest

from tests.local.cloudformation.samples import bucket, parameter


def _text(account, name="p"):
    return account.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


@pytest.fixture
def stocked(account):
    """An account with a parameter and two secrets."""
    account.cloud.client("ssm").put_parameter(Name="/a/b", Type="String", Value="one")
    secrets = account.cloud.client("secretsmanager")
    secrets.create_secret(Name="plain", SecretString="hush")
    secrets.create_secret(Name="keyed", SecretString='{"user": "me", "password": "pw"}')
    return account


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("{{resolve:ssm:/a/b}}", "one"),
        ("{{resolve:ssm:/a/b:1}}", "one"),
        ("<{{resolve:ssm:/a/b}}-{{resolve:secretsmanager:plain}}>", "<one-hush>"),
        ("{{resolve:secretsmanager:keyed:SecretString:password}}", "pw"),
    ],
)
def test_references_are_looked_up(stocked, reference, value):
    """A resource gets what the reference refers to; the stack shows the reference."""
    stocked.create({"P": parameter(reference, name="p")})
    assert _text(stocked) == value
    events = stocked.client.describe_stack_events(StackName="s")["StackEvents"]
    assert all(value not in event.get("ResourceProperties", "") for event in events)


def test_a_reference_by_arn_is_looked_up(stocked):
    """A secret may be named by its ARN, whose colons do not confuse the rest."""
    arn = stocked.cloud.client("secretsmanager").describe_secret(SecretId="keyed")["ARN"]
    stocked.create({"P": parameter(f"{{{{resolve:secretsmanager:{arn}:SecretString:user}}}}", name="p")})
    assert _text(stocked) == "me"


def test_a_changed_secret_is_no_update(stocked):
    """CloudFormation compares references: what they refer to may change unseen."""
    resources = {"P": parameter("{{resolve:ssm:/a/b}}", name="p")}
    stocked.create(resources)
    stocked.cloud.client("ssm").put_parameter(Name="/a/b", Type="String", Value="two", Overwrite=True)
    with pytest.raises(stocked.client.exceptions.ClientError, match="No updates are to be performed"):
        stocked.update(resources)
    assert _text(stocked) == "one"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("{{resolve:ssm:/nowhere}}", "resolve:ssm:/nowhere"),
        ("{{resolve:secretsmanager:keyed:SecretString:missing}}", "JSONKey in SecretString: missing"),
        ("{{resolve:elsewhere:x}}", "does not support dynamic references to elsewhere"),
    ],
)
def test_a_reference_to_nothing_fails_its_resource(stocked, reference, reason):
    """The reason names the reference."""
    stack = stocked.create({"B": bucket(BucketName=reference)})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in stocked.reasons("B")[-1]
