"""What is sent in a masked column is found nowhere: the model's container captures requests itself."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.images import Interpreter
from tests.local.sagemaker.clouds import PlainImages, sagemaker_cloud
from tests.local.sagemaker.conftest import BUCKET, World

SERVING = Path(__file__).parents[3] / "pipelines" / "serving"
TEXT, NUMBER = "Aurelia-Sentinel", 7316549028
KEY = "0123456789abcdef"
FOLDER = f"s3://{BUCKET}/captured/m/1"
CONTRACT = {
    "target": "label",
    "fields": [
        {"name": "label", "type": "integer"},
        {"name": "name", "type": "string", "constraints": {"required": True}},
        {"name": "amount", "type": "number", "constraints": {"required": True}},
        {"name": "months", "type": "integer", "constraints": {"required": True}},
    ],
}
INFERENCE = """
from pathlib import Path
from pipelines.serving import Endpoint

def score(model, rows):
    if rows["months"].iloc[0] == 13:
        raise ValueError(f"nobody pays {rows['amount'].tolist()} back, not even {rows['name'].tolist()}")
    return rows["months"] / 100

_endpoint = Endpoint(Path(__file__).with_name("contract.json"), score=score)
_, input_fn, predict_fn, output_fn = _endpoint.functions

def model_fn(folder):
    return None
"""


class Images(PlainImages):
    """The scikit-learn image's Python stands for the one image."""

    def __init__(self, python):
        self._python = python

    def interpreter(self, uri):
        self.require(uri)
        return Interpreter(self._python)


def files():
    """A model that masks by its environment, with the code that all models share."""
    shared = {f"code/pipelines/serving/{path.name}": path.read_text() for path in SERVING.glob("*.py")}
    return {"code/inference.py": INFERENCE, "code/contract.json": json.dumps(CONTRACT), **shared}


@pytest.fixture(scope="module")
def world(tmp_path_factory, image_python):
    """An endpoint that was asked everything below, whose container has ended: what it had to write is written."""
    clock = Clock(start=datetime(2031, 5, 6, 7, 8, tzinfo=UTC))
    with sagemaker_cloud(tmp_path_factory, clock=clock, images=Images(image_python)) as cloud:
        world = World(cloud)
        cloud.client("secretsmanager").create_secret(Name="sluice/test/mask", SecretString=KEY)
        environment = {
            "SLUICE_MASKED": '{"amount":"hash","name":"drop"}',
            "SLUICE_CAPTURE_FOLDER": f"{FOLDER}/e/AllTraffic",
            "SLUICE_CAPTURE_PERCENT": "100",
            "SLUICE_CAPTURE_KEY": "arn:aws:kms:eu-west-1:123456789012:alias/sluice-test",
            "SLUICE_MASK_SECRET": "sluice/test/mask",
        }
        world.model("m", files(), **environment)
        types = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": FOLDER,
            "CaptureOptions": [{"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": types,
        }
        world.config("c1", "m", DataCaptureConfig=capture)
        world.endpoint()
        world.refused = ask(world)
        world.sm.delete_endpoint(EndpointName="e")
        world.until(lambda: world.keys("captured/"), lambda keys: len(keys) == 2)
        yield world


def ask(world):
    """Send the sentinels in every way; what is refused is given as the caller reads it."""
    as_json = {"instances": [{"name": TEXT, "amount": NUMBER, "months": 12}]}
    world.invoke(f"{TEXT},{NUMBER},24\n{TEXT},1,36\n", InferenceId="loan-1")
    world.runtime.invoke_endpoint(
        EndpointName="e", Body=json.dumps(as_json), ContentType="application/json", Accept="application/json"
    )
    bad = [
        f"{TEXT},{TEXT},24",  # a text where a number is wanted
        f"{TEXT},{NUMBER},13",  # the model itself fails, and says on what
        f"{TEXT},{NUMBER}",  # a column is missing
        f'{TEXT},"{NUMBER},24',  # no CSV
    ]
    misplaced = json.dumps({"instances": [{TEXT: "name", "amount": NUMBER, "months": 12}]})
    asked = [(body, "text/csv") for body in bad] + [(misplaced, "application/json"), (TEXT, "text/x-unknown")]
    return [refusal(world, body, content_type) for body, content_type in asked]


def refusal(world, body, content_type):
    """What the caller of a request that is refused reads."""
    with pytest.raises(ClientError) as caught:
        world.runtime.invoke_endpoint(EndpointName="e", Body=body.encode(), ContentType=content_type)
    return str(caught.value)


def logged(world):
    """Every line of every log."""
    groups = world.logs.describe_log_groups()["logGroups"]
    return [line for group in groups for line in world.log(group["logGroupName"])]


def records(world, *, ours):
    """The captured records: those that the container wrote, or the platform's."""
    keys = [key for key in world.keys("captured/") if key.endswith("-masked.jsonl") == ours]
    return [json.loads(line) for key in keys for line in world.read(key).decode().splitlines()]


def test_the_sentinels_are_found_nowhere(world):
    """No object but the request itself has them, no log, no metric, no event, no answer that is an error."""
    objects = {key: world.read(key).decode(errors="replace") for key in world.keys("")}
    assert len([key for key in objects if key.startswith("captured/")]) == 2
    told = [*objects.values(), *logged(world), *world.refused]
    told += [json.dumps(each, default=str) for each in (*world.metrics, *world.events)]
    assert [text for text in told if TEXT in text or str(NUMBER) in text] == []


def test_errors_say_what_is_wrong_without_the_value(world):
    """Who sent it finds row and column; the log has where the model failed and with which type of error."""
    told = " ".join(world.refused)
    assert "Row 1: amount is not what it must be; expected a number." in told
    assert "The model failed with ValueError; columns are masked" in told
    assert "Row 1 misses or adds 2 members; expected name, amount, months." in told
    text = "\n".join(logged(world))
    assert "ValueError (what it says is withheld: columns are masked)" in text
    assert "in score" in text


def test_the_masked_request_is_captured_with_its_answer(world):
    """A dropped column is an empty field, a hashed one its HMAC, others are as they came; labels find it by its id."""
    first, second = records(world, ours=True)
    row, other = (line.split(",") for line in first["captureData"]["endpointInput"]["data"].splitlines())
    expected = hmac.new(KEY.encode(), f"amount\0{NUMBER}".encode(), hashlib.sha256).hexdigest()
    assert row == ["", expected, "24"]
    assert other[0] == ""
    assert other[1] not in ("1", expected)
    assert first["captureData"]["endpointOutput"]["data"] == "0.24\n0.36\n"
    assert first["eventMetadata"]["inferenceId"] == "loan-1"
    assert second["captureData"]["endpointInput"]["data"] == f",{expected},12\n"
    assert "inferenceId" not in second["eventMetadata"]


def test_the_platform_captures_answers_alone(world):
    """It would have written what it was sent."""
    assert [sorted(each["captureData"]) for each in records(world, ours=False)] == [["endpointOutput"]] * 2


def test_requests_lie_in_the_hour_in_which_they_were_sent(world):
    """By the platform's clock, beside the platform's own files."""
    (ours,) = [key for key in world.keys("captured/") if key.endswith("-masked.jsonl")]
    (its,) = [key for key in world.keys("captured/") if key != ours]
    assert ours.rpartition("/")[0] == its.rpartition("/")[0] == "captured/m/1/e/AllTraffic/2031/05/06/07"
    assert all(
        each["eventMetadata"]["inferenceTime"].startswith("2031-05-06T07:08:") for each in records(world, ours=True)
    )
