import json

import pytest

from local.clock import Clock
from local.cloud import LocalCloud

REGION, ACCOUNT = "eu-west-1", "123456789012"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
ECHO = "def handler(event, context):\n    raise ValueError(event)\n"


@pytest.fixture(scope="module")
def cloud():
    """A whole cloud."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        with LocalCloud(region=REGION, clock=Clock(speed=0)) as made:
            yield made


@pytest.fixture
def inbox(cloud):
    """Makes queues that let a service send, and reads what they were sent."""
    sqs = cloud.services.client("sqs")

    class Inbox:
        def __init__(self, name, sender):
            self.arn = QUEUE + name
            allow = {"Effect": "Allow", "Principal": {"Service": sender}, "Action": "sqs:SendMessage", "Resource": "*"}
            policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})} if sender else {}
            self.url = sqs.create_queue(QueueName=name, Attributes=policy)["QueueUrl"]

        def next(self, seconds=10):
            """The next message as JSON; None when there is none in time."""
            found = sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=seconds).get("Messages", [])
            for message in found:
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(found[0]["Body"]) if found else None

    return Inbox


@pytest.fixture
def bucket(cloud):
    """Makes buckets that tell of their objects."""
    s3 = cloud.services.client("s3")

    def make(name, **configuration):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration)
        return s3

    return make


def to_queue(arn, events=("s3:ObjectCreated:*",), **more):
    """A configuration that tells a queue."""
    return {"QueueConfigurations": [{"Id": "mine", "QueueArn": arn, "Events": list(events), **more}]}


def test_a_queue_hears_of_new_objects(inbox, bucket):
    """In the shape of S3's records, the key quoted as in a form; the first message is S3's test."""
    queue = inbox("objects", "s3.amazonaws.com")
    s3 = bucket("told", **to_queue(queue.arn))
    assert queue.next()["Event"] == "s3:TestEvent"
    etag = s3.put_object(Bucket="told", Key="in/a b.csv", Body=b"1,2")["ETag"].strip('"')
    [record] = queue.next()["Records"]
    assert (record["eventSource"], record["eventName"], record["awsRegion"]) == ("aws:s3", "ObjectCreated:Put", REGION)
    assert record["s3"]["configurationId"] == "mine"
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::told"
    told = {name: record["s3"]["object"][name] for name in ("key", "size", "eTag")}
    assert told == {"key": "in/a+b.csv", "size": 3, "eTag": etag}


def test_only_what_fits_the_filter_is_told(inbox, bucket):
    """By kind of event and by prefix."""
    queue = inbox("filtered", "s3.amazonaws.com")
    rules = {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}}
    s3 = bucket("filtering", **to_queue(queue.arn, ("s3:ObjectRemoved:*",), **rules))
    assert queue.next()["Event"] == "s3:TestEvent"
    for key in ("out/a", "in/a"):
        s3.put_object(Bucket="filtering", Key=key, Body=b"x")
        s3.delete_object(Bucket="filtering", Key=key)
    [record] = queue.next()["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectRemoved:Delete", "in/a")
    assert queue.next(seconds=1) is None


def test_a_queue_that_lets_nobody_in_hears_nothing(inbox, bucket, caplog):
    """The log says why."""
    queue = inbox("closed", None)
    s3 = bucket("untold", **to_queue(queue.arn))
    queue.next()
    s3.put_object(Bucket="untold", Key="k", Body=b"x")
    assert queue.next(seconds=1) is None
    assert "does not allow sqs:SendMessage to s3.amazonaws.com for arn:aws:s3:::untold" in caplog.text


def test_the_bus_hears_of_a_bucket_that_tells_it(cloud, inbox, bucket):
    """And rules match on it."""
    events, queue = cloud.services.client("events"), inbox("bus", "events.amazonaws.com")
    events.put_rule(Name="new", EventPattern=json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}))
    events.put_targets(Rule="new", Targets=[{"Id": "1", "Arn": queue.arn}])
    bucket("bussed", EventBridgeConfiguration={}).put_object(Bucket="bussed", Key="a b", Body=b"xyz")
    event = queue.next()
    assert (event["resources"], event["detail"]["bucket"]) == (["arn:aws:s3:::bussed"], {"name": "bussed"})
    assert (event["detail"]["object"]["key"], event["detail"]["object"]["size"]) == ("a b", 3)
    assert event["detail"]["reason"] == "PutObject"


class Heard:
    """A function that keeps what it was called with: the family's stand-in is what Lambda's client was asked for."""

    def __init__(self, cloud, sender, source):
        self.calls = []
        statement = {"Effect": "Allow", "Principal": {"Service": sender}, "Action": "lambda:InvokeFunction"}
        condition = {"ArnLike": {"AWS:SourceArn": source}}
        self._policy = json.dumps({"Statement": [{**statement, "Resource": "*", "Condition": condition}]})
        self.exceptions = cloud.services.client("lambda").exceptions

    def get_policy(self, FunctionName):
        return {"Policy": self._policy}

    def invoke(self, FunctionName, InvocationType, Payload):
        self.calls.append((FunctionName, InvocationType, json.loads(Payload)))


@pytest.mark.parametrize("sender", ["s3", "sns"])
def test_a_function_is_called_for_each(cloud, bucket, monkeypatch, sender):
    """Asynchronously, with the records of the service, when its policy lets the service in."""
    function, topic = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
    heard = Heard(cloud, f"{sender}.amazonaws.com", "arn:aws:s3:::called" if sender == "s3" else topic)
    monkeypatch.setitem(cloud.services._clients, "lambda", heard)
    if sender == "s3":
        to_function = {"Id": "f", "LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
        s3 = bucket("called", LambdaFunctionConfigurations=[to_function])
        s3.put_object(Bucket="called", Key="k", Body=b"x")
    else:
        sns = cloud.services.client("sns")
        sns.create_topic(Name="t")
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
        attributes = {"a": {"DataType": "String", "StringValue": "v"}}
        told = sns.publish(TopicArn=topic, Message="hello", Subject="s", MessageAttributes=attributes)["MessageId"]
    part = next(part for part in cloud._parts if type(part).__name__ == "Notifications")
    assert part._delivery.settled(10)
    [(name, kind, event)] = heard.calls
    assert (name, kind) == (function, "Event")
    [record] = event["Records"]
    if sender == "s3":
        assert (record["eventSource"], record["s3"]["object"]["key"]) == ("aws:s3", "k")
    else:
        sent = {name: record["Sns"][name] for name in ("Message", "Subject", "MessageId", "TopicArn")}
        assert sent == {"Message": "hello", "Subject": "s", "MessageId": told, "TopicArn": topic}
        assert record["Sns"]["MessageAttributes"] == {"a": {"Type": "String", "Value": "v"}}
