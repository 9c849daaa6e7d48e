"""MLflow's own client and pages, unmodified, at tracking servers of the local cloud."""

import json
import time
import urllib.request

import pytest

pytestmark = pytest.mark.clients

NAME = "clients"
PATIENCE_SECONDS = 300
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


@pytest.fixture(scope="module")
def server(terminal):
    """A tracking server, as SageMaker describes it."""
    iam, s3, sagemaker = terminal.client("iam"), terminal.client("s3"), terminal.client("sagemaker")
    s3.create_bucket(Bucket="mlflow-runs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    role = iam.create_role(RoleName="mlflow", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="mlflow", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    given = {"TrackingServerName": NAME, "ArtifactStoreUri": "s3://mlflow-runs/here", "RoleArn": role}
    sagemaker.create_mlflow_tracking_server(**given)
    deadline = time.monotonic() + 30
    while (shown := sagemaker.describe_mlflow_tracking_server(TrackingServerName=NAME))["IsActive"] != "Active":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return shown


@pytest.fixture(
    scope="module",
    params=["by its address", "by its ARN, with AWS's plugin", "by its ARN, through the proxy"],
)
def seen(request, terminal, server):
    """What the program saw, in each of the ways that lead to a server."""
    uri = server["TrackingServerUrl"] if "address" in request.param else server["TrackingServerArn"]
    more = dict(QUIET)
    if "proxy" in request.param:
        more |= {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "", "REQUESTS_CA_BUNDLE": terminal.environ["AWS_CA_BUNDLE"]}
    arn = "arn" if "ARN" in request.param else "http"
    seen = terminal.run("mlflow", "mlflow_tracking", uri, extra=more)
    if arn == "arn":  # the two ways share an experiment: its runs go, so that the next finds none
        _empty(server, f"by {arn}")
    return seen


def test_runs_are_logged_and_found(seen):
    """Parameters, metrics with their histories, tags; searches, orders and deletions."""
    assert seen["run"] == {"status": "FINISHED", "params": {"depth": "3", "rate": "0.1"}, "loss": 1 / 3}
    assert (seen["odd"], seen["history"]) == ("nan", [[0, 1.0], [1, 0.5], [2, 0.333]])
    assert (seen["searched"], seen["filtered"], seen["left"]) == (["second", "first"], ["first"], ["first"])


def test_artifacts_go_to_the_bucket_and_come_back(seen):
    """The client writes them into S3 by itself; the server lists them; a model is logged."""
    assert (seen["artifacts"], seen["text"]) == (["d.json", "notes"], "hello")
    assert seen["model"] == "READY"


def test_the_pages_are_mlflows_own(terminal, server):
    """The presigned address waits for the pages and leads to them; they show the cloud's own runs."""
    presigned = terminal.client("sagemaker").create_presigned_mlflow_tracking_server_url(TrackingServerName=NAME)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with urllib.request.urlopen(presigned["AuthorizedUrl"]) as answer:  # which follows where it is led
            page, url = answer.read().decode(), answer.url
        if "/_mlflow/" not in url:
            break
        assert "being set up" in page
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert "<title>MLflow</title>" in page
    found = _ask(f"{url}ajax-api/2.0/mlflow/experiments/search?max_results=10")["experiments"]
    assert "Default" in [experiment["name"] for experiment in found]


def _empty(server, name):
    base = f"{server['TrackingServerUrl']}/api/2.0/mlflow/"
    number = _ask(f"{base}experiments/get-by-name?experiment_name={name.replace(' ', '%20')}")["experiment"]
    found = _ask(f"{base}runs/search", experiment_ids=[number["experiment_id"]])
    for run in found.get("runs", []):
        _ask(f"{base}runs/delete", run_id=run["info"]["run_id"])


def _ask(url, **body):
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    if body:
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())
