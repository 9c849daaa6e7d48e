import json

import pytest
from botocore.exceptions import ClientError

from tests.local.cloudwatch.alarms import alarm, history, put, put_alarm
from tests.local.cloudwatch.conftest import LAG, MINUTE, NOON

PREFIX = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"


@pytest.fixture
def queue(cloud):
    """A topic whose messages end in a queue: its ARN, and what reads the messages."""
    topic = cloud.client("sns").create_topic(Name="oncall")["TopicArn"]
    url = cloud.client("sqs").create_queue(QueueName="oncall")["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-1:123456789012:oncall"
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def read():
        assert cloud.parts[0].resting(10)
        messages = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    return topic, read


def test_a_notification_tells_people_what_rang(cloud, cloudwatch, queue):
    """Subject and message in the shape of AWS's own."""
    topic, read = queue
    put_alarm(cloudwatch, AlarmActions=[topic])
    put(cloudwatch, 2, at=NOON)
    cloud.services.clock.advance(MINUTE + LAG)
    [sent] = read()
    assert sent["Subject"] == 'ALARM: "errors" in EU (Ireland)'
    message = json.loads(sent["Message"])
    reason = message.pop("NewStateReason")
    assert reason.startswith("Threshold Crossed: 1 out of the last 1 datapoints [2.0 (01/03/26 12:00:00)]")
    assert message == {
        "AlarmName": "errors",
        "AlarmDescription": "too many",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-03-01T12:00:00.000+0000",
        "NewStateValue": "ALARM",
        "StateChangeTime": "2026-03-01T12:01:10.000+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": f"{PREFIX}errors",
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": [topic],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "errors",
            "Namespace": "App",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "e", "name": "EndpointName"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_each_state_has_actions_of_its_own(cloud, cloudwatch, queue):
    """In order; a long name is cut so that SNS takes the subject."""
    topic, read = queue
    name = "n" * 200
    put_alarm(cloudwatch, AlarmName=name, AlarmActions=[topic], OKActions=[topic])
    put(cloudwatch, 1, at=NOON)
    cloud.services.clock.advance(5 * MINUTE)
    subjects = sorted(message["Subject"] for message in read())
    assert [subject.partition(":")[0] for subject in subjects] == ["ALARM", "OK", "OK"]
    assert {len(subject) for subject in subjects} == {100}


def test_actions_that_are_switched_off_do_not_happen(cloud, cloudwatch, queue):
    """The state changes all the same."""
    topic, read = queue
    put_alarm(cloudwatch, AlarmActions=[topic])
    cloudwatch.disable_alarm_actions(AlarmNames=["errors"])
    put(cloudwatch, 1, at=NOON)
    cloud.services.clock.advance(MINUTE + LAG)
    assert (read(), alarm(cloudwatch)["StateValue"]) == ([], "ALARM")
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="again")
    cloudwatch.enable_alarm_actions(AlarmNames=["errors"])
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="again")
    assert [message["Subject"] for message in read()] == ['ALARM: "errors" in EU (Ireland)']


def test_what_actions_did_is_in_the_history(cloud, cloudwatch, queue):
    """Also that one failed, since nobody else would say so."""
    topic, read = queue
    gone = f"{topic}-gone"
    put_alarm(cloudwatch, AlarmActions=[gone, topic])
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill")
    read()
    (_, succeeded), (_, failed) = history(cloudwatch, HistoryItemType="Action")
    assert succeeded == f"Successfully executed action {topic}"
    assert failed.startswith(f"Failed to execute action {gone}. Received error: ")


CLOUDWATCH = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Resource": "*"}
OWN_ACCOUNT = {"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ({**CLOUDWATCH, "Action": "sns:Publish", **OWN_ACCOUNT}, "Successfully executed action"),
        ({**CLOUDWATCH, "Action": "sns:Subscribe"}, "CloudWatch Alarms is not authorized to perform: SNS:Publish"),
    ],
)
def test_a_topic_with_a_policy_of_its_own_must_let_cloudwatch_in(cloud, cloudwatch, queue, statement, told):
    """As on AWS, where only the history of the alarm tells that it does not."""
    topic, read = queue
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    put_alarm(cloudwatch, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill")
    assert len(read()) == told.startswith("Successfully")
    [(_, summary)] = history(cloudwatch, HistoryItemType="Action")
    assert told in summary


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        (["kms:Decrypt", "kms:GenerateDataKey*"], "Successfully executed action"),
        (["kms:Decrypt"], "does not have authorization to access the SNS topic encryption key"),
    ],
)
def test_the_key_of_an_encrypted_topic_must_let_cloudwatch_in(cloud, cloudwatch, queue, actions, told):
    """Named by its alias, as in a template."""
    topic, read = queue
    kms = cloud.client("kms")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**CLOUDWATCH, "Action": actions, **OWN_ACCOUNT}]})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/people", TargetKeyId=key)
    cloud.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="arn:aws:kms:eu-west-1:123456789012:alias/people"
    )
    put_alarm(cloudwatch, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill")
    assert len(read()) == told.startswith("Successfully")
    [(_, summary)] = history(cloudwatch, HistoryItemType="Action")
    assert told in summary


def test_only_topics_are_actions_here(cloudwatch):
    """A Lambda function is refused by name, not passed over when the alarm rings."""
    function = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    with pytest.raises(ClientError) as caught:
        put_alarm(cloudwatch, AlarmActions=[function])
    assert caught.value.response["Error"]["Code"] == "UnsupportedLocally"
    assert function in caught.value.response["Error"]["Message"]
