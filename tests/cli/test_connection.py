import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import boto3
import pytest

import env
from cli.connection import Connection, connect, default_stage
from cli.errors import WrongUseError
from local.cloud import LocalCloud
from tests.cli import fakes
from tests.local import trust


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No variable of the person who runs the tests reaches them."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "SLUICE_STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def test_stage_local_says_how_to_start_a_local_cloud():
    """Without a local cloud the remedy is a command."""
    with pytest.raises(WrongUseError, match="sluice up"):
        connect("local")


def test_stage_local_never_leaves_the_machine(monkeypatch):
    """An endpoint elsewhere is refused before anything is sent."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://sagemaker.eu-west-1.amazonaws.com")
    with pytest.raises(WrongUseError, match="never leaves this machine"):
        connect("local")


def test_a_local_cloud_that_does_not_answer_is_said_so(monkeypatch):
    """Nothing listens on port 1."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(WrongUseError, match="cannot be reached"):
        connect("local")


def test_an_unknown_stage_lists_the_stages():
    """A misspelt stage is answered with those that exist."""
    with pytest.raises(WrongUseError, match="staging"):
        connect("stagin")


def test_another_region_is_refused(monkeypatch):
    """A session in another region would write to the wrong place."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(WrongUseError, match=r"is in eu-west-1, your session in us-east-1"):
        connect("dev")


def test_no_credentials_are_said_so():
    """A stage in AWS needs credentials; the sentence names the stage."""
    with pytest.raises(WrongUseError, match="stage dev cannot be reached"):
        connect("dev")


def test_the_stage_that_is_not_named_is_the_one_that_is_pointed_at(monkeypatch):
    """SLUICE_STAGE wins, a local cloud comes next."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    assert default_stage() == "local"
    monkeypatch.setenv("SLUICE_STAGE", "prod")
    assert default_stage() == "prod"


def test_no_stage_at_all_lists_the_stages():
    """Nothing is guessed."""
    with pytest.raises(WrongUseError, match="--stage"):
        default_stage()


def test_an_endpoint_that_is_no_address_is_said_so(monkeypatch):
    """A port is a number."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:abc")
    with pytest.raises(WrongUseError, match="no address"):
        connect("local")


@pytest.mark.parametrize("stage", ["local", "dev"])
def test_a_profile_that_does_not_exist_is_wrong_use(monkeypatch, stage):
    """The profile is looked up before anything is sent."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(WrongUseError, match="nobody"):
        connect(stage)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL_S3", "https://s3.eu-west-1.amazonaws.com"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
    ],
)
def test_nothing_else_leads_stage_local_away(monkeypatch, name, value):
    """An endpoint for one service, or the wish to ignore endpoints, is overruled."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    monkeypatch.setenv(name, value)
    client = Connection(env.load("local"), boto3.Session(region_name="eu-west-1")).client("s3")
    assert client.meta.endpoint_url == "http://localhost:1"


def test_a_proxy_is_not_asked_for_the_local_cloud(monkeypatch):
    """A company's proxy knows nobody's localhost."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:2")
    with pytest.raises(WrongUseError, match=r"127\.0\.0\.1:1") as refusal:
        connect("local")
    assert "proxy" not in str(refusal.value)


def test_a_person_acts_in_a_role_of_the_stage_under_the_callers_name(monkeypatch):
    """The role says what may be done, the session who it was."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    stage = env.load("local")
    with LocalCloud(region=stage.region) as cloud:
        monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.start())
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        trust.role(cloud.services.client("iam"), "sluice-local-approver")
        myself = connect("local")
        approver = connect("local", person="approver")
        name = re.split("[:/]", myself.caller())[-1]
        assert approver.caller() == f"arn:aws:sts::123456789012:assumed-role/sluice-local-approver/{name}"


def test_who_may_not_assume_the_role_is_told_which_right_is_missing():
    """AWS's refusal, and whom to ask for what."""

    def assume_role(**_):
        raise fakes.refusal("AccessDenied", "User is not authorized to perform: sts:AssumeRole", "AssumeRole")

    stranger = fakes.connection()
    stranger.session.client("sts").assume_role = assume_role
    with pytest.raises(WrongUseError, match=r"ask for the right to assume .*sluice-local-operator"):
        stranger.acting_as("operator")


def test_all_who_ask_for_a_service_share_a_client():
    """Threads ask at the same time, and a session makes one client at a time."""
    made = []
    session = SimpleNamespace(client=lambda name, **_: made.append(name) or object())
    there = Connection(env.load("local"), session)
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = set(pool.map(lambda _: there.client("sagemaker"), range(50)))
    assert (len(found), made) == (1, ["sagemaker"])
    assert there.client("sagemaker", attempts=1) not in found
