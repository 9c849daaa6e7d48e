import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.cloud import LocalCloud
from local.front import Family, Front
from local.moto.app import ACCOUNT, moto_app, reset_moto
from local.processes import Processes
from local.seams import Seams
from local.services import Services
from local.trail import CloudTrail, history
from local.transport import ADMINISTRATOR, session

REGION = "eu-west-1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
OPEN = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})


class World:
    """A front with CloudTrail, EventBridge's rules and moto."""

    def __init__(self, folder):
        self.clock = Clock(speed=0, start=NOON)
        services = Services(
            account=ACCOUNT,
            region=REGION,
            clock=self.clock,
            workdir=folder,
            processes=Processes(),
            session=lambda: session(self.app, region=REGION),
            emit=lambda *_, **__: None,
        )
        trail = CloudTrail(services)
        rules = Family("events", {"PutRule": lambda params, call: {"RuleArn": f"arn:{params['Name']}"}})
        seams = Seams(trail=trail.history)
        self.app = Front([*trail.families(), rules], fallback=moto_app(), region=REGION, seams=seams)
        self.client = services.client

    def events(self, **asked):
        """What LookupEvents finds, newest first."""
        return self.client("cloudtrail").lookup_events(**asked)["Events"]

    def names(self, **asked):
        """The names of what it finds."""
        return [event["EventName"] for event in self.events(**asked)]

    def record(self, name):
        """The record of the newest event of a name."""
        found = self.events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])
        return json.loads(found[0]["CloudTrailEvent"])


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A world at noon."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    yield World(tmp_path)
    reset_moto()


def test_an_event_has_the_shape_of_cloudtrails_records(world):
    """For ours and for moto's: who, when, what, with which parameters and which result."""
    world.client("events").put_rule(Name="r", EventPattern="{}")
    record = world.record("PutRule")
    known = {name: record[name] for name in record if name not in ("eventID", "requestID", "userAgent")}
    assert known == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:root",
            "accountId": ACCOUNT,
            "accessKeyId": "local",
        },
        "eventTime": "2026-03-01T12:00:00Z",
        "eventSource": "events.amazonaws.com",
        "eventName": "PutRule",
        "awsRegion": REGION,
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": {"name": "r", "eventPattern": "{}"},
        "responseElements": {"ruleArn": "arn:r"},
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def test_the_request_id_is_the_one_the_client_was_told(world):
    """By it one finds the event of a call."""
    told = world.client("events").put_rule(Name="r")["ResponseMetadata"]["RequestId"]
    assert world.record("PutRule")["requestID"] == told
    told = world.client("ssm").put_parameter(Name="p", Value="v", Type="String")["ResponseMetadata"]["RequestId"]
    assert world.record("PutParameter")["requestID"] == told


def test_results_of_motos_services_are_told_and_secrets_are_not(world):
    """Whatever their protocol."""
    world.client("iam").create_user(UserName="u")
    key = world.client("iam").create_access_key(UserName="u")["AccessKey"]
    told = world.record("CreateAccessKey")["responseElements"]["accessKey"]
    assert (told["accessKeyId"], told["secretAccessKey"]) == (key["AccessKeyId"], "HIDDEN_DUE_TO_SECURITY_REASONS")
    world.client("ssm").put_parameter(Name="/p", Value="hush", Type="SecureString")
    assert world.record("PutParameter")["requestParameters"]["value"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


@pytest.mark.parametrize(
    ("service", "operation", "params", "code"),
    [
        ("iam", "get_role", {"RoleName": "no"}, "NoSuchEntity"),
        ("s3", "get_bucket_policy", {"Bucket": "nowhere"}, "NoSuchBucket"),
        ("ssm", "get_parameter", {"Name": "no"}, "ParameterNotFound"),
        ("events", "describe_rule", {"Name": "no"}, "UnsupportedLocally"),
    ],
)
def test_what_failed_is_told_with_its_error(world, service, operation, params, code):
    """Ours and moto's."""
    with pytest.raises(ClientError) as caught:
        getattr(world.client(service), operation)(**params)
    [event] = world.events(MaxResults=1)
    record = json.loads(event["CloudTrailEvent"])
    assert (record["errorCode"], record["errorMessage"]) == (code, caught.value.response["Error"]["Message"])
    assert record["responseElements"] is None


def test_a_role_is_named_with_its_session(world):
    """And with the role that issued it."""
    iam, sts = world.client("iam"), world.client("sts")
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=OPEN)["Role"]
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="me")["Credentials"]
    session(world.app, region=REGION, access_key_id=keys["AccessKeyId"]).client("events").put_rule(Name="r")
    [event] = world.events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "me"}])
    identity = json.loads(event["CloudTrailEvent"])["userIdentity"]
    assert (identity["type"], identity["principalId"]) == ("AssumedRole", f"{role['RoleId']}:me")
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role["Arn"]


def test_data_events_are_not_in_the_history(world):
    """As on AWS: what is done to objects, messages and items."""
    world.client("s3").create_bucket(Bucket="bbb", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.client("s3").put_object(Bucket="bbb", Key="k", Body=b"x")
    world.client("s3").list_objects_v2(Bucket="bbb")
    url = world.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    world.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    assert world.names() == ["CreateQueue", "CreateBucket"]


def test_what_the_cloud_asks_itself_is_not_in_the_history(monkeypatch):
    """What anybody asks is, in process too; and what the cloud does for an administrator, in that one's name."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    with LocalCloud(region=REGION, clock=Clock(speed=0)) as cloud:
        url = cloud.session().client("sqs").create_queue(QueueName="q")["QueueUrl"]
        cloud.services.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        cloud.services.roles.calling("AdA").client("sqs").tag_queue(QueueUrl=url, Tags={"a": "b"})
        events = cloud.session().client("cloudtrail").lookup_events()["Events"]
    assert [(event["EventName"], event["AccessKeyId"]) for event in events] == [
        ("TagQueue", "AdA"),
        ("CreateQueue", ADMINISTRATOR),
    ]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("EventName", "PutRule", ["PutRule", "PutRule"]),
        ("EventSource", "sqs.amazonaws.com", ["ListQueues", "CreateQueue"]),
        ("ReadOnly", "true", ["ListQueues"]),
        ("ResourceType", "AWS::SQS::Queue", ["CreateQueue"]),
        ("ResourceName", "q", ["CreateQueue"]),
        ("AccessKeyId", "nobodys", []),
        ("EventId", "nothings", []),
    ],
)
def test_events_are_looked_up_by_each_attribute(world, key, value, found):
    """One at a time."""
    for name in ("r1", "r2"):
        world.client("events").put_rule(Name=name)
    world.client("sqs").create_queue(QueueName="q")
    world.client("sqs").list_queues()
    assert world.names(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]) == found


def test_events_are_looked_up_by_time_to_the_second(world):
    """From a moment on, and until one."""
    for hour in range(3):
        world.client("events").put_rule(Name=f"r{hour}")
        world.clock.advance(timedelta(hours=1))
    one = NOON + timedelta(hours=1)
    found = world.events(StartTime=one, EndTime=one)
    assert [json.loads(event["CloudTrailEvent"])["requestParameters"]["name"] for event in found] == ["r1"]


def test_pages_go_on_where_they_ended_whatever_has_happened_since(world):
    """New events come in front of them, the look-ups' own among them."""
    for number in range(5):
        world.client("events").put_rule(Name=f"r{number}")
    asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "PutRule"}]}
    pages = (
        world.client("cloudtrail").get_paginator("lookup_events").paginate(**asked, PaginationConfig={"PageSize": 2})
    )
    found = [json.loads(e["CloudTrailEvent"])["requestParameters"]["name"] for page in pages for e in page["Events"]]
    assert found == ["r4", "r3", "r2", "r1", "r0"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"StartTime": NOON, "EndTime": NOON - timedelta(seconds=1)}, "InvalidTimeRangeException"),
        ({"NextToken": "bm9uc2Vuc2U="}, "InvalidNextTokenException"),
        (
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name} for name in ("a", "b")]},
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_a_look_up_that_makes_no_sense_is_refused(world, params, code):
    """With CloudTrail's own errors."""
    with pytest.raises(ClientError) as caught:
        world.events(**params)
    assert caught.value.response["Error"]["Code"] == code


def test_the_history_is_bounded(world, monkeypatch):
    """In number, in size and in age: the oldest go."""
    monkeypatch.setattr(history, "_MOST_EVENTS", 3)
    for number in range(5):
        world.client("events").put_rule(Name=f"r{number}")
    assert len(world.events()) == 3
    world.clock.advance(timedelta(days=91))
    world.client("sqs").list_queues()
    assert world.names() == ["ListQueues"]
    monkeypatch.setattr(history, "_MOST_BYTES", 10_000)
    world.client("events").put_rule(Name="long", Description="x" * 500, EventPattern=json.dumps({"a": "x" * 4000}))
    world.client("events").put_rule(Name="longer", EventPattern=json.dumps({"a": "x" * 4000}))
    assert world.names() == ["PutRule"]
