import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client

from local.errors import AwsError
from local.mlflow.address import Addresses
from local.mlflow.dialect import ARN_HEADER
from local.mlflow.window import Window
from tests.local.conftest import ACCOUNT, REGION
from tests.local.mlflow.conftest import ARN, NAME


def refused(operation, **given):
    """The code and the message of what must fail."""
    with pytest.raises(ClientError) as caught:
        operation(**given)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_server_is_made_and_shown(tracking):
    """It is active once it is made; its address is the cloud's own."""
    shown = tracking.sm.describe_mlflow_tracking_server(TrackingServerName=NAME)
    assert shown["TrackingServerArn"] == ARN
    assert (shown["TrackingServerStatus"], shown["IsActive"]) == ("Created", "Active")
    assert shown["TrackingServerUrl"] == f"{tracking.services.endpoint_url}/_mlflow/{NAME}"
    listed = tracking.sm.list_mlflow_tracking_servers()["TrackingServerSummaries"]
    assert NAME in [server["TrackingServerName"] for server in listed]


def test_a_server_that_is_stopped_answers_nobody(tracking):
    """What it holds is there again when it is started."""
    tracking.make("pausing")
    arn = ARN.replace("team", "pausing")
    tracking.asked("POST", "experiments/create", arn=arn, name="kept")
    tracking.sm.stop_mlflow_tracking_server(TrackingServerName="pausing")
    tracking.reach("pausing", "Stopped")
    status, answer = tracking.asked("GET", "experiments/get", arn=arn, experiment_id="1")
    assert (status, "StartMlflowTrackingServer" in answer["message"]) == (400, True)
    assert refused(tracking.sm.stop_mlflow_tracking_server, TrackingServerName="pausing")[0] == "ConflictException"
    presign = tracking.sm.create_presigned_mlflow_tracking_server_url
    assert refused(presign, TrackingServerName="pausing")[0] == "ValidationException"
    tracking.sm.start_mlflow_tracking_server(TrackingServerName="pausing")
    tracking.reach("pausing", "Started")
    assert tracking.asked("GET", "experiments/get", arn=arn, experiment_id="1")[1]["experiment"]["name"] == "kept"


def test_a_server_that_is_deleted_takes_its_runs_along(tracking):
    """A new one of its name begins with nothing."""
    tracking.make("passing")
    arn = ARN.replace("team", "passing")
    tracking.asked("POST", "experiments/create", arn=arn, name="gone")
    tracking.sm.delete_mlflow_tracking_server(TrackingServerName="passing")
    tracking.cloud.parts[0]._workers.join()
    describe = tracking.sm.describe_mlflow_tracking_server
    assert refused(describe, TrackingServerName="passing")[0] == "ResourceNotFound"
    assert tracking.asked("GET", "experiments/get", arn=arn, experiment_id="1")[0] == 404
    tracking.make("passing")
    assert tracking.asked("GET", "experiments/get", arn=arn, experiment_id="1")[0] == 404


@pytest.fixture
def hasty():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_of_calls_at_the_same_time_one_moves_the_server(tracking, hasty):
    """The others find it on its way."""
    tracking.make("racing")
    handlers = tracking.cloud.parts[0]._written.mlflow._servers.handlers()

    def moved(turn):
        gate, operation = turn
        gate.wait()
        try:
            return list(handlers[operation]({"TrackingServerName": "racing"}, None))
        except AwsError as error:
            return error.code

    with ThreadPoolExecutor(6) as pool:
        for end, operation in [("Stopped", "StopMlflowTrackingServer"), ("Started", "StartMlflowTrackingServer")] * 15:
            answers = list(pool.map(moved, [(threading.Barrier(6), operation)] * 6))
            assert (answers.count(["TrackingServerArn"]), answers.count("ConflictException")) == (1, 5)
            tracking.reach("racing", end)


def test_an_update_changes_what_it_names(tracking):
    """A stopped server stays stopped."""
    tracking.make("growing")
    tracking.sm.update_mlflow_tracking_server(TrackingServerName="growing", TrackingServerSize="Large")
    tracking.reach("growing", "Updated")
    shown = tracking.sm.describe_mlflow_tracking_server(TrackingServerName="growing")
    assert (shown["TrackingServerSize"], shown["IsActive"]) == ("Large", "Active")


def test_a_role_and_a_store_must_be_there(tracking):
    """A role that SageMaker may not assume, and an address that is no bucket's, are refused."""
    create = tracking.sm.create_mlflow_tracking_server
    given = {"TrackingServerName": "bad", "ArtifactStoreUri": "s3://artifacts/x", "RoleArn": tracking.role}
    assert "Could not assume role" in refused(create, **{**given, "RoleArn": f"{tracking.role}-not"})[1]
    assert "must name a bucket" in refused(create, **{**given, "ArtifactStoreUri": "https://artifacts/x"})[1]


def test_a_request_names_its_server(tracking):
    """Without the header nobody is meant; servers do not see each other's runs."""
    assert tracking.asked("GET", "experiments/get", arn="", experiment_id="0")[1]["error_code"] == (
        "INVALID_PARAMETER_VALUE"
    )
    tracking.make("other")
    number = tracking.experiment("of the team")
    other = tracking.asked("GET", "experiments/get", arn=ARN.replace("team", "other"), experiment_id=number)
    assert other[0] == 404


def test_rights_are_asked_for_by_action_and_server(tracking):
    """The guard judges `sagemaker-mlflow:CreateRun` on the server's ARN, and MLflow's client reads why not."""
    told = "User: x is not authorized to perform: sagemaker-mlflow:LogModel"
    tracking.cloud.refuse("sagemaker-mlflow:LogModel", AwsError("AccessDenied", told, status=403))
    status, answer = tracking.asked("POST", "runs/log-model", run_id="x", model_json="{}")
    assert (status, answer) == (403, {"error_code": "PERMISSION_DENIED", "message": told})
    tracking.experiment("of somebody")
    assert tracking.cloud.asked("sagemaker-mlflow")[-1] == "sagemaker-mlflow:CreateExperiment"


def test_a_client_that_does_not_sign_finds_a_server_by_its_address(tracking):
    """MLFLOW_TRACKING_URI may be `<cloud>/_mlflow/<server>`; forms of web pages are not taken."""
    answer = tracking.browser.post(f"/_mlflow/{NAME}/api/2.0/mlflow/experiments/create", json={"name": "unsigned"})
    assert (answer.status_code, list(answer.get_json())) == (200, ["experiment_id"])
    forged = tracking.browser.post(f"/_mlflow/{NAME}/api/2.0/mlflow/experiments/create", data=json.dumps({"name": "x"}))
    assert forged.status_code == 415
    assert ARN_HEADER not in forged.headers


def test_an_address_of_no_server_says_so(tracking):
    """In the browser as to a client."""
    assert tracking.browser.get("/_mlflow/none/").status_code == 404
    answer = tracking.browser.get("/_mlflow/none/api/2.0/mlflow/experiments/get?experiment_id=0")
    assert answer.get_json()["message"] == "Tracking server none does not exist."


def test_pages_that_cannot_be_shown_say_why(tracking):
    """Once, and not by a page that waits for ever; who looks again has it tried again."""
    own = tracking.cloud.parts[0].window
    window = Window(own._context, own._servers, python=lambda: Path(sys.executable))  # which has no MLflow
    browser = Client(Addresses(tracking.cloud.app, account=ACCOUNT, region=REGION, window=window))
    address, pause = f"/_mlflow/{NAME}/", threading.Event()
    shown = next(answer for _ in range(1000) if (answer := browser.get(address)).status_code != 200 or pause.wait(0.02))
    assert shown.status_code == 500
    assert "No module named &#x27;mlflow&#x27;" in shown.text
    assert "This page waits" in browser.get(address).text
    window.close()
