"""Asynchronous inference: S3 in, S3 out, and topics that are told."""

import base64
import json

import pytest

FOLDER = "s3://work/answers"


@pytest.fixture(scope="module")
def topics(shared):
    """Two topics, and what a queue behind each of them gets: a function of the outcome that waits for the next."""
    sns, sqs = shared.services.client("sns"), shared.services.client("sqs")
    arns, queues = {}, {}
    for outcome in ("Success", "Error"):
        arns[outcome] = sns.create_topic(Name=outcome)["TopicArn"]
        queues[outcome] = sqs.create_queue(QueueName=outcome)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queues[outcome], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arns[outcome], Protocol="sqs", Endpoint=arn)

    def receive(outcome: str):
        found = shared.until(lambda: sqs.receive_message(QueueUrl=queues[outcome]).get("Messages", []), bool)
        sqs.delete_message(QueueUrl=queues[outcome], ReceiptHandle=found[0]["ReceiptHandle"])
        return json.loads(json.loads(found[0]["Body"])["Message"])

    receive.arns = arns
    return receive


@pytest.fixture(scope="module")
def endpoint(shared, topics):
    """An asynchronous endpoint `e`."""
    shared.model("m")
    notified = {"SuccessTopic": topics.arns["Success"], "ErrorTopic": topics.arns["Error"]}
    output = {"S3OutputPath": FOLDER, "S3FailurePath": "s3://work/failures", "NotificationConfig": notified}
    notified["IncludeInferenceResponseIn"] = ["SUCCESS_NOTIFICATION_TOPIC"]
    shared.config("c", "m", AsyncInferenceConfig={"OutputConfig": output})
    described = shared.endpoint("e", config="c")
    assert described["EndpointStatus"] == "InService"
    assert described["AsyncInferenceConfig"] == {"OutputConfig": output}
    return "e"


def key(uri: str) -> str:
    """The key of an object in the bucket of the tests."""
    return uri.removeprefix("s3://work/")


def test_an_answer_lands_in_s3_and_the_topic_is_told(shared, endpoint, topics):
    """The request is taken at once; where the answer will be is known at once."""
    uri = shared.put("in/world.csv", "world")
    taken = shared.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=uri, ContentType="text/csv")
    assert taken["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert taken["OutputLocation"].startswith(f"{FOLDER}/")
    assert taken["OutputLocation"].endswith(".out")
    told = topics("Success")
    assert shared.read(key(taken["OutputLocation"])) == b"hello world"
    assert told["invocationStatus"] == "Completed"
    assert told["inferenceId"] == taken["InferenceId"]
    assert told["requestParameters"] == {"contentType": "text/csv", "endpointName": "e", "inputLocation": uri}
    assert told["responseParameters"]["outputLocation"] == taken["OutputLocation"]
    assert base64.b64decode(told["responseBody"]["content"]) == b"hello world"
    assert (told["eventSource"], told["eventName"]) == ("aws:sagemaker", "InferenceResult")


def test_a_body_may_be_sent_along_and_the_answer_named(shared, endpoint, topics):
    """Inline input, a folder and a file name of the caller's choice, his identifier."""
    taken = shared.runtime.invoke_endpoint_async(
        EndpointName=endpoint,
        Body=b"you",
        ContentType="text/csv",
        InferenceId="mine",
        S3OutputPathExtension="today",
        Filename="you.csv",
    )
    assert (taken["InferenceId"], taken["OutputLocation"]) == ("mine", f"{FOLDER}/today/you.csv")
    assert topics("Success")["inferenceId"] == "mine"
    assert shared.read("answers/today/you.csv") == b"hello you"


def test_what_fails_lands_among_the_failures(shared, endpoint, topics):
    """The model's own error, and an input that is not there."""
    uri = shared.put("in/bad.csv", "bad")
    taken = shared.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=uri, ContentType="text/csv")
    told = topics("Error")
    assert told["invocationStatus"] == "Failed"
    assert "400" in told["failureReason"]
    assert taken["FailureLocation"].startswith("s3://work/failures/")
    assert b"the word is bad" in shared.read(key(taken["FailureLocation"]))
    assert "responseParameters" not in told
    shared.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation="s3://work/in/none.csv")
    assert "s3://work/in/none.csv does not exist" in topics("Error")["failureReason"]


def test_each_kind_of_endpoint_has_its_own_operation(shared, endpoint, refused):
    """InvokeEndpoint of an asynchronous endpoint, two inputs or none, and an unknown endpoint are refused."""
    runtime = shared.runtime
    assert refused(runtime.invoke_endpoint, EndpointName=endpoint, Body=b"x")[0] == "ValidationError"
    assert refused(runtime.invoke_endpoint_async, EndpointName=endpoint)[0] == "ValidationError"
    both = {"EndpointName": endpoint, "Body": b"x", "InputLocation": "s3://work/x"}
    assert refused(runtime.invoke_endpoint_async, **both)[0] == "ValidationError"
    assert refused(runtime.invoke_endpoint_async, EndpointName="none", Body=b"x")[0] == "ValidationError"


def test_a_request_ends_though_nobody_can_be_told(shared, endpoint):
    """Its topic is not there: the answer is kept in S3, and the request is not answered again and again."""
    output = {
        "S3OutputPath": FOLDER,
        "NotificationConfig": {"SuccessTopic": "arn:aws:sns:eu-west-1:123456789012:none"},
    }
    shared.config("untold", "m", AsyncInferenceConfig={"OutputConfig": output})
    shared.endpoint("untold", config="untold")
    taken = shared.runtime.invoke_endpoint_async(EndpointName="untold", Body=b"you", ContentType="text/csv")
    waiting = shared.services.state.table("sagemaker.async")
    shared.until(lambda: list(waiting), lambda keys: not keys)
    assert shared.read(key(taken["OutputLocation"])) == b"hello you"


def test_an_endpoint_that_does_not_serve_takes_no_requests(shared, refused):
    """Nobody's role would read what it is sent, or write what it answers."""
    shared.model("broken", {"code/inference.py": "raise RuntimeError", "word": ""})
    shared.config("broken", "broken", AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": FOLDER}})
    assert shared.endpoint("broken", config="broken")["EndpointStatus"] == "Failed"
    code, said = refused(shared.runtime.invoke_endpoint_async, EndpointName="broken", Body=b"x")
    assert (code, said) == ("ValidationError", "Endpoint broken of account 123456789012 not found.")
