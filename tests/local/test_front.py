import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client

from local.errors import AwsError
from local.front import Family, Front
from local.moto.app import moto_app, reset_moto
from local.transport import session
from local.wire import Raw

REGION = "eu-west-1"
SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260301/eu-west-1/events/aws4_request, SignedHeaders=host, Signature=0"


def refuse(params, call):
    """A handler that refuses."""
    raise AwsError("ResourceNotFoundException", f"{params['Name']} is not here", status=400)


@pytest.fixture
def asked():
    """The calls that reached a handler."""
    return []


@pytest.fixture
def front(asked):
    """EventBridge, of which four operations are known, in front of moto."""

    def list_rules(params, call):
        asked.append((params, call))
        return {"Rules": [{"Name": "r", "Unknown": 1}]}

    handlers = {
        "ListRules": list_rules,
        "DescribeRule": refuse,
        "DeleteRule": lambda params, call: {}["a defect"],
        "ListEventBuses": lambda params, call: Raw({"EventBuses": []}, {"X-Extra": "1"}),
    }
    yield Front([Family("events", handlers)], fallback=moto_app(), region=REGION)
    reset_moto()


@pytest.fixture
def events(front):
    """A client of it."""
    return session(front, region=REGION, access_key_id="AKID").client("events")


def test_a_handler_gets_typed_parameters_and_the_caller(events, asked):
    """Who asks, from which region, for what."""
    events.list_rules(Limit=5)
    params, call = asked[0]
    assert params == {"Limit": 5}
    assert (call.operation.name, call.access_key_id, call.region) == ("ListRules", "AKID", REGION)


def test_an_answer_holds_what_the_model_knows(events):
    """Other members of a handler's result do not leave the house."""
    assert events.list_rules()["Rules"] == [{"Name": "r"}]


@pytest.mark.parametrize(("service", "operation"), [("events", "list_rules"), ("sqs", "list_queues")])
def test_every_answer_tells_the_clouds_time(service, operation):
    """Ours and moto's bear one Date, by which clients know what "five minutes ago" is there."""
    families = [Family("events", {"ListRules": lambda params, call: {"Rules": []}})]
    then = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
    front = Front(families, fallback=moto_app(), region=REGION, now=lambda: then)
    answer = getattr(session(front, region=REGION, access_key_id="AKID").client(service), operation)()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Sun, 01 Mar 2026 12:30:05 GMT"


def test_a_client_that_would_shift_its_clock_gets_this_machines_time():
    """AWS's SDK for JavaScript, which the CDK's command line uses, takes the Date for a fault of its own clock."""
    families = [Family("events", {"ListRules": lambda params, call: {"Rules": []}})]
    then = datetime(2026, 3, 1, tzinfo=UTC)
    front = Front(families, fallback=moto_app(), region=REGION, now=lambda: then)
    headers = {"Authorization": SIGNED, "X-Amz-Target": "AWSEvents.ListRules"}
    assert Client(front).post("/", headers=headers, json={}).date == then
    answer = Client(front).post("/", headers=headers | {"User-Agent": "aws-sdk-js/3.1000.0 ua/2.1"}, json={})
    assert abs(answer.date - datetime.now(UTC)) < timedelta(minutes=1)


def test_headers_of_a_handlers_own_are_sent(events):
    """Beside the protocol's."""
    assert events.list_event_buses()["ResponseMetadata"]["HTTPHeaders"]["x-extra"] == "1"


def test_a_handlers_error_reaches_the_client_as_awss_own(events):
    """The client's modelled exception is raised."""
    with pytest.raises(events.exceptions.ResourceNotFoundException, match="x is not here"):
        events.describe_rule(Name="x")


def test_an_operation_without_handler_is_refused_by_name(events):
    """It is never passed on to moto, which knows it."""
    with pytest.raises(ClientError, match=r"does not support events:CreateEventBus") as caught:
        events.create_event_bus(Name="b")
    assert caught.value.response["Error"]["Code"] == "UnsupportedLocally"


def test_a_refusal_is_not_retried(events, front):
    """It is an answer of the 400s."""
    with pytest.raises(ClientError) as caught:
        events.create_event_bus(Name="b")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_broken_parameters_do_not_reach_the_handler(events, asked):
    """The model's limits are checked before."""
    with pytest.raises(ClientError, match="Member must have value less than or equal to 100"):
        events.list_rules(Limit=101)
    assert asked == []


def test_a_defect_of_ours_is_an_internal_failure(events, caplog):
    """The client is told where, the log has the trace."""
    with pytest.raises(ClientError, match="the local cloud failed in events:DeleteRule"):
        events.delete_rule(Name="x")
    assert "a defect" in caplog.text


def test_another_region_is_refused(front):
    """The local cloud has one."""
    with pytest.raises(ClientError, match="does not support events in region us-east-1"):
        session(front, region="us-east-1").client("events").list_rules()


def test_services_that_are_not_ours_are_motos(front):
    """In the account and the region of the cloud."""
    sqs = session(front, region=REGION).client("sqs")
    assert sqs.create_queue(QueueName="q")["QueueUrl"].endswith("/123456789012/q")


def test_the_head_of_an_object_tells_its_size(front):
    """HeadObject answers without a body, and says how long it would be."""
    s3 = session(front, region=REGION, access_key_id="AKID").client("s3")
    s3.create_bucket(Bucket="sizes", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="sizes", Key="word", Body=b"hello")
    assert s3.head_object(Bucket="sizes", Key="word")["ContentLength"] == 5


def test_an_unknown_operation_of_a_service_of_ours_is_told(front):
    """In the protocol of the service."""
    headers = {"Authorization": SIGNED, "X-Amz-Target": "AWSEvents.FlyToTheMoon"}
    answer = Client(front).post("/", headers=headers, data="{}")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("body", "status"), [(gzip.compress(b'{"Limit": 7}'), 200), (b"not gzip", 400)], ids=["gzip", "not gzip"]
)
def test_a_compressed_body_is_read(front, asked, body, status):
    """botocore compresses long ones; one that is damaged is refused."""
    headers = {"Authorization": SIGNED, "X-Amz-Target": "AWSEvents.ListRules", "Content-Encoding": "gzip"}
    answer = Client(front).post("/", headers=headers, data=body)
    assert answer.status_code == status
    assert [params for params, _ in asked] == ([{"Limit": 7}] if status == 200 else [])
    assert "Rules" in json.loads(answer.data) or answer.headers["x-amzn-ErrorType"] == "SerializationException"
