import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from .conftest import TEN_SECONDS

FAILS = "def handler(event, context):\n    print('tried')\n    raise ValueError('no luck')"
ACCOUNT = "123456789012"


def queue(cloud, name):
    """URL and ARN of a new queue."""
    url = cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}"


def messages(cloud, url):
    """Everything in a queue."""
    found = cloud.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
    return found.get("Messages", [])


def order(cloud, event=None):
    """Invoke asynchronously and wait until only the clock can go on."""
    answer = cloud.functions.invoke(FunctionName="fn", InvocationType="Event", Payload=json.dumps(event))
    assert answer["StatusCode"] == 202
    assert cloud.part.resting(TEN_SECONDS)


def let_pass(cloud, **much):
    """Advance the clock and wait until only it can go on."""
    cloud.services.clock.advance(timedelta(**much))
    assert cloud.part.resting(TEN_SECONDS)


def attempts(cloud):
    """How often the handler has run."""
    return cloud.log().count("tried")


def test_an_event_is_handled_after_the_answer(cloud):
    """By the real handler."""
    cloud.create("def handler(event, context): print('got', event)")
    order(cloud, {"n": 1})
    assert "got {'n': 1}" in cloud.log()
    assert cloud.part.settled(0)


def test_a_failed_event_is_tried_twice_again(cloud):
    """After one minute and after two more, with the same request id; then it is dropped in the open."""
    cloud.create(FAILS)
    order(cloud)
    tries = [attempts(cloud)]
    for minutes in (1, 2):
        let_pass(cloud, minutes=minutes)
        tries.append(attempts(cloud))
    assert tries == [1, 2, 3]
    assert cloud.part.settled(0)
    assert len({line.split()[2] for line in cloud.log() if line.startswith("START")}) == 1


def test_the_dead_letter_queue_gets_what_failed(cloud):
    """The event itself, and why."""
    url, arn = queue(cloud, "letters")
    cloud.create(FAILS, DeadLetterConfig={"TargetArn": arn})
    order(cloud, {"n": 1})
    let_pass(cloud, minutes=1)
    assert messages(cloud, url) == []
    let_pass(cloud, minutes=2)
    [letter] = messages(cloud, url)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"]) == {"n": 1}
    assert (attributes["ErrorCode"], attributes["ErrorMessage"]) == ("200", "no luck")
    assert len(attributes["RequestID"]) == 36


def test_a_destination_gets_a_record_of_the_failure(cloud):
    """With request and response, in Lambda's shape; retries are as configured."""
    url, arn = queue(cloud, "failures")
    cloud.create(FAILS)
    cloud.functions.put_function_event_invoke_config(
        FunctionName="fn", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    order(cloud, {"n": 1})
    record = json.loads(messages(cloud, url)[0]["Body"])
    assert record["version"] == "1.0"
    assert record["requestContext"].pop("requestId")
    assert record["requestContext"] == {
        "functionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:fn:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 1,
    }
    assert record["requestPayload"] == {"n": 1}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no luck"


def test_a_destination_gets_a_record_of_success(cloud):
    """On the side that it asked for."""
    url, arn = queue(cloud, "successes")
    cloud.create()
    cloud.functions.put_function_event_invoke_config(
        FunctionName="fn", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    order(cloud, {"n": 1})
    record = json.loads(messages(cloud, url)[0]["Body"])
    assert (record["requestContext"]["condition"], record["responsePayload"]) == ("Success", {"n": 1})


def test_a_function_and_a_topic_are_destinations_too(cloud):
    """Each is called in its own way."""
    url, arn = queue(cloud, "subscribed")
    topic = cloud.client("sns").create_topic(Name="t")["TopicArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    receiver = cloud.create("def handler(event, context): print('got', event['responsePayload'])", name="receiver")
    cloud.create()
    for destination in (topic, receiver["FunctionArn"]):
        config = {"OnSuccess": {"Destination": destination}}
        cloud.functions.put_function_event_invoke_config(FunctionName="fn", DestinationConfig=config)
        order(cloud, "hello")
    assert "hello" in json.loads(messages(cloud, url)[0]["Body"])["Message"]
    assert "got hello" in cloud.log("/aws/lambda/receiver")


def test_an_event_does_not_outlive_its_age(cloud):
    """A retry that would come too late does not come."""
    url, arn = queue(cloud, "failures")
    cloud.create(FAILS)
    cloud.functions.put_function_event_invoke_config(
        FunctionName="fn", MaximumEventAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    order(cloud)
    let_pass(cloud, seconds=61)
    assert attempts(cloud) == 2
    assert json.loads(messages(cloud, url)[0]["Body"])["requestContext"]["condition"] == "EventAgeExceeded"


def test_a_throttled_event_waits(cloud):
    """It is no attempt of the handler's."""
    cloud.create("def handler(event, context): print('tried')")
    cloud.functions.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=0)
    order(cloud)
    cloud.functions.delete_function_concurrency(FunctionName="fn")
    assert not cloud.part.settled(0)
    let_pass(cloud, seconds=1)
    assert cloud.part.settled(0)
    assert attempts(cloud) == 1


def test_an_event_of_a_deleted_function_is_dropped_in_the_open(cloud, caplog):
    """The log says so."""
    cloud.create(FAILS)
    order(cloud)
    cloud.functions.delete_function(FunctionName="fn")
    let_pass(cloud, minutes=1)
    assert cloud.part.settled(0)
    assert "drops event" in caplog.text


def test_asynchronous_settings_are_kept(cloud):
    """Put replaces them, update changes them, delete forgets them."""
    functions, arn = cloud.functions, "arn:aws:sqs:eu-west-1:123456789012:q"
    cloud.create()
    config = {"OnFailure": {"Destination": arn}}
    functions.put_function_event_invoke_config(FunctionName="fn", MaximumRetryAttempts=1, DestinationConfig=config)
    functions.update_function_event_invoke_config(FunctionName="fn", MaximumEventAgeInSeconds=99)
    found = functions.get_function_event_invoke_config(FunctionName="fn")
    members = ("FunctionArn", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    assert {name: found[name] for name in members} == {
        "FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:fn:$LATEST",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 99,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": arn}},
    }
    functions.put_function_event_invoke_config(FunctionName="fn", MaximumRetryAttempts=0)
    assert "MaximumEventAgeInSeconds" not in functions.get_function_event_invoke_config(FunctionName="fn")
    functions.delete_function_event_invoke_config(FunctionName="fn")
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        functions.get_function_event_invoke_config(FunctionName="fn")


def test_a_destination_of_another_kind_is_refused_by_name(cloud):
    """Rather than never reached."""
    cloud.create()
    config = {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
    with pytest.raises(ClientError, match="does not support the Lambda destination arn:aws:s3:::bucket"):
        cloud.functions.put_function_event_invoke_config(FunctionName="fn", DestinationConfig=config)
