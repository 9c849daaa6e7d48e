import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError, HTTPClientError

from lambdas.errors import TrackingError
from lambdas.mlflow import Mlflow, address

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team"


class Answers:
    """Answers in turn: a status with a body, or an error; remembers what was asked."""

    def __init__(self, *answers):
        self._answers, self.asked = list(answers), []

    def send(self, request):
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return SimpleNamespace(
            status_code=status, content=body if isinstance(body, bytes) else json.dumps(body).encode()
        )


def client(*answers):
    """A client, what it is answered, and how long it has waited."""
    sent, waited = Answers(*answers), []
    keys = SimpleNamespace(access_key="AKIA", secret_key="x", token="t")
    session = SimpleNamespace(get_credentials=lambda: keys)
    made = Mlflow(ARN, endpoint="https://there/", session=session, sender=sent, pause=waited.append)
    return made, sent, waited


def test_requests_are_signed_for_the_service_and_name_the_server():
    """As AWS's own plugin for MLflow does it."""
    mlflow, sent, _ = client((200, {"experiment": {"experiment_id": "3"}}))
    assert mlflow.experiment("a b") == "3"
    [request] = sent.asked
    assert request.url == "https://there/api/2.0/mlflow/experiments/get-by-name?experiment_name=a%20b"
    assert request.headers["x-mlflow-sm-tracking-server-arn"] == ARN
    assert "/eu-west-1/sagemaker-mlflow/aws4_request" in str(request.headers["Authorization"])
    assert "x-mlflow-sm-tracking-server-arn" in str(request.headers["Authorization"])


def test_what_may_pass_is_tried_again():
    """Throttling, a server that restarts, a connection that breaks."""
    broken = HTTPClientError(error="reset")
    mlflow, sent, waited = client((429, b""), broken, (503, b"<html>"), (200, {}))
    mlflow.delete("x")
    assert (len(sent.asked), waited) == (4, [0.2, 0.4, 0.8])


def test_what_does_not_pass_is_told_in_mlflows_words():
    """At once where MLflow refuses, after four attempts where nobody answers."""
    mlflow, sent, _ = client((400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}))
    with pytest.raises(TrackingError, match=r"refuses POST runs/delete with 400 INVALID_PARAMETER_VALUE: no") as caught:
        mlflow.delete("x")
    assert (caught.value.code, len(sent.asked)) == ("INVALID_PARAMETER_VALUE", 1)
    nobody = EndpointConnectionError(endpoint_url="https://there")
    mlflow, _, _ = client(nobody, HTTPClientError(error="reset"), nobody, nobody)
    with pytest.raises(TrackingError, match="does not answer"):
        mlflow.delete("x")


@pytest.mark.parametrize("said", [b"<html>sign in</html>", b"[1]"])
def test_an_answer_that_is_not_mlflows_is_told(said):
    """A proxy may answer with a page of its own, and call it a success."""
    mlflow, _, _ = client((200, said))
    with pytest.raises(TrackingError, match="POST runs/delete is not answered by MLflow"):
        mlflow.delete("x")


def test_an_experiment_that_somebody_else_makes_meanwhile_is_found():
    """Two functions may look at the same time."""
    absent = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": ""})
    taken = (400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": ""})
    mlflow, _, _ = client(absent, taken, (200, {"experiment": {"experiment_id": "4"}}))
    assert mlflow.experiment("churn") == "4"


def test_batches_hold_what_mlflow_takes():
    """A hundred parameters at once, a thousand metrics."""
    mlflow, sent, _ = client(*[(200, {})] * 5)
    mlflow.log("x", params={str(n): "" for n in range(201)}, metrics={str(n): 1.0 for n in range(1001)}, at=1)
    bodies = [json.loads(request.body) for request in sent.asked]
    assert [len(body.get("params", body.get("metrics"))) for body in bodies] == [100, 100, 1, 1000, 1]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "https://eu-west-1.experiments.sagemaker.aws"),
        ({"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SAGEMAKER_MLFLOW": "http://one"}, "http://one"),
        ({"AWS_ENDPOINT_URL": "http://all", "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://own"}, "http://own"),
    ],
)
def test_the_address_is_the_regions_unless_the_environment_says_another(environ, expected):
    """The nearest variable wins."""
    assert address("eu-west-1", environ) == expected
