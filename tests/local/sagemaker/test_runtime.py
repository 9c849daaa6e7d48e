import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

RESPONSES = """
class Response:  # what Werkzeug's looks like from outside
    def __init__(self, body, status, content_type):
        self.body, self.status_code = body, status
        self.headers = {"Content-Type": content_type, "X-Amzn-SageMaker-Custom-Attributes": "trace=1"}
    def get_data(self): return self.body

def model_fn(folder): return None
def input_fn(body, content_type): return (body, content_type)
def predict_fn(data, model): return data
def output_fn(prediction, accept):
    body, content_type = prediction
    if body == "teapot":
        return Response(b"short and stout", 418, "text/plain")
    if body == "plain":
        return "as Flask sends it"
    if isinstance(body, bytes):
        return body[::-1], "application/octet-stream"
    return Response(f"{type(body).__name__} {content_type} {accept}".encode(), 200, "text/csv; charset=utf-8")
"""


@pytest.fixture
def endpoint(world):
    """The endpoint `e` of the model that says hello."""
    world.endpoint()
    return world


def refusal(world, body, **more):
    """The whole answer to a request that is refused."""
    with pytest.raises(ClientError) as caught:
        world.invoke(body, **more)
    return caught.value.response


def test_the_models_answer_comes_back_with_its_type_and_variant(endpoint):
    """Headers of the container are those of the operation."""
    answer = endpoint.runtime.invoke_endpoint(EndpointName="e", Body=b"you", ContentType="text/csv", Accept="text/csv")
    assert answer["Body"].read() == b"hello you"
    assert answer["ContentType"] == "text/csv; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_the_container_is_spoken_to_as_awss_scikit_learn_container_is(world):
    """Text types arrive as text, others as bytes; a Response passes as it is; a plain string is HTML, as in Flask."""
    world.model("m", {"code/inference.py": RESPONSES})
    world.endpoint()
    invoke = world.runtime.invoke_endpoint
    answer = invoke(EndpointName="e", Body=b"x", ContentType="application/json")
    assert answer["Body"].read() == b"str application/json application/json"
    assert answer["CustomAttributes"] == "trace=1"
    assert invoke(EndpointName="e", Body=b"\x00\xff", ContentType="image/png")["Body"].read() == b"\xff\x00"
    assert invoke(EndpointName="e", Body=b"plain", ContentType="text/csv")["ContentType"] == "text/html; charset=utf-8"
    assert refusal(world, "teapot")["OriginalStatusCode"] == 418


def test_the_programs_name_and_folder_come_from_the_models_environment(world):
    """SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY, also from S3."""
    source = world.archive("src/sourcedir.tar.gz", {"serve_it.py": RESPONSES})
    world.model("m", {"unused": ""}, SAGEMAKER_PROGRAM="serve_it.py", SAGEMAKER_SUBMIT_DIRECTORY=source)
    world.endpoint()
    assert world.invoke("x") == "str text/csv text/csv"


def test_a_request_that_the_model_refuses_is_a_model_error(endpoint):
    """HTTP 424 with the container's own status and sentence, and where its log is."""
    answer = refusal(endpoint, "bad")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["OriginalStatusCode"] == 400
    assert answer["OriginalMessage"] == "the word is bad"
    assert 'from AllTraffic with message "the word is bad"' in answer["Error"]["Message"]
    assert ":log-group:/aws/sagemaker/Endpoints/e:log-stream:AllTraffic/i-" in answer["LogStreamArn"]


def test_an_error_that_names_no_status_is_a_500_and_in_the_log(endpoint):
    """With its traceback."""
    assert refusal(endpoint, "broken")["OriginalStatusCode"] == 500
    assert "ValueError: no such word" in endpoint.log("/aws/sagemaker/Endpoints/e")


def test_a_server_that_dies_is_a_model_error_without_a_status(world):
    """The connection breaks; the endpoint's other requests are not held up."""
    dying = "import os\ndef model_fn(folder): return None\ndef input_fn(body, content_type): os._exit(1)\n"
    world.model("m", {"code/inference.py": dying})
    world.endpoint()
    assert refusal(world, "x")["OriginalStatusCode"] == 0
    assert refusal(world, "x")["OriginalStatusCode"] == 0


def test_an_unknown_endpoint_and_an_unknown_variant_are_validation_errors(endpoint):
    """The runtime's code is ValidationError, not ValidationException."""
    assert refusal(endpoint, "x", name="none")["Error"] == {
        "Code": "ValidationError",
        "Message": "Endpoint none of account 123456789012 not found.",
    }
    assert refusal(endpoint, "x", TargetVariant="Blue")["Error"]["Code"] == "ValidationError"


def test_weights_and_a_target_choose_the_variant(world):
    """A variant of weight zero is reached by name alone."""
    world.model("m")
    world.model("m2", {"code/inference.py": RESPONSES})
    entries = [
        {
            "VariantName": name,
            "ModelName": model,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": weight,
        }
        for name, model, weight in (("All", "m", 1.0), ("None", "m2", 0.0))
    ]
    world.sm.create_endpoint_config(EndpointConfigName="c1", ProductionVariants=entries)
    world.endpoint()
    assert {world.invoke("x") for _ in range(20)} == {"hello x"}
    assert world.invoke("x", TargetVariant="None") == "str text/csv text/csv"


def test_many_clients_are_served_at_once(endpoint):
    """Each gets its own answer."""
    words = [f"word-{number}" for number in range(64)]
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(endpoint.invoke, words))
    assert answers == [f"hello {word}" for word in words]


def test_every_request_is_a_metric_in_awss_names_and_units(make_world, stepped_clock):
    """Errors are 0 or 1; latency is in microseconds; once for the variant, once for its configuration."""
    world = make_world(clock=stepped_clock)
    world.model("m")
    world.config("c1", "m", instances=2)
    world.endpoint()
    world.invoke("you")
    refusal(world, "bad")
    refusal(world, "broken")
    world.part.close()

    def values(name, dimensions):
        return [
            datum["Value"]
            for datum in world.metrics
            if datum["MetricName"] == name and {d["Name"]: d["Value"] for d in datum["Dimensions"]} == dimensions
        ]

    variant = {"EndpointName": "e", "VariantName": "AllTraffic"}
    for dimensions in (variant, {**variant, "EndpointConfigName": "c1"}):
        assert values("Invocations", dimensions) == [1, 1, 1]
        assert values("InvocationsPerInstance", dimensions) == [0.5, 0.5, 0.5]
        assert values("Invocation4XXErrors", dimensions) == [0, 1, 0]
        assert values("Invocation5XXErrors", dimensions) == [0, 0, 1]
        assert values("InvocationModelErrors", dimensions) == [0, 1, 1]
        assert all(0 < value < 60e6 for value in values("ModelLatency", dimensions))
        assert all(value >= 0 for value in values("OverheadLatency", dimensions))
    assert {datum["Unit"] for datum in world.metrics if "Latency" in datum["MetricName"]} == {"Microseconds"}
    assert {datum["Namespace"] for datum in world.metrics} == {"AWS/SageMaker"}


def capturing(mode="InputAndOutput", **more):
    """A DataCaptureConfig."""
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://work/capture",
        "CaptureOptions": [{"CaptureMode": mode}],
        **more,
    }


def test_requests_are_captured_under_endpoint_variant_and_hour(make_world, stepped_clock):
    """JSON lines in the documented layout, soon after the invocation on the cloud's clock."""
    world = make_world(clock=stepped_clock)
    world.model("m")
    types = {"CsvContentTypes": ["text/csv"]}
    world.config("c1", "m", DataCaptureConfig=capturing(CaptureContentTypeHeader=types))
    assert world.endpoint()["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": "s3://work/capture",
    }
    world.invoke("you", InferenceId="order-1", CustomAttributes="trace=1")
    world.invoke("me")
    refusal(world, "bad")
    now = stepped_clock.now()
    assert world.keys("capture") == []
    stepped_clock.advance(timedelta(minutes=1))

    (key,) = world.keys("capture")
    assert key.startswith(f"capture/e/AllTraffic/{now:%Y/%m/%d/%H}/")
    assert key.endswith(".jsonl")
    first, second = (json.loads(line) for line in world.read(key).splitlines())
    event_id = first["eventMetadata"].pop("eventId")
    assert first == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "you",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": "hello you",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {
            "customAttributes": ["trace=1"],
            "inferenceId": "order-1",
            "inferenceTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        },
        "eventVersion": "0",
    }
    assert "inferenceId" not in second["eventMetadata"]
    assert second["eventMetadata"]["eventId"] != event_id


def test_what_was_captured_is_written_when_the_cloud_stops(make_world, stepped_clock):
    """Nothing that was answered is lost."""
    world = make_world(clock=stepped_clock)
    world.model("m")
    world.config("c1", "m", DataCaptureConfig=capturing("Input"))
    world.endpoint()
    world.invoke("you")
    world.part.close()
    (key,) = world.keys("capture")
    captured = json.loads(world.read(key))["captureData"]
    assert captured == {
        "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": "eW91", "encoding": "BASE64"}
    }


def test_an_update_may_keep_the_capture_or_leave_it_behind(world):
    """RetainAllVariantProperties keeps it, unless it is excluded."""
    world.model("m")
    world.config("c1", "m", DataCaptureConfig=capturing())
    world.config("c2", "m")
    world.endpoint()
    update = world.sm.update_endpoint
    update(EndpointName="e", EndpointConfigName="c2", RetainAllVariantProperties=True)
    assert world.settled_endpoint()["DataCaptureConfig"]["CaptureStatus"] == "Started"
    excluded = [{"VariantPropertyType": "DataCaptureConfig"}]
    update(
        EndpointName="e",
        EndpointConfigName="c2",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=excluded,
    )
    assert "DataCaptureConfig" not in world.settled_endpoint()
