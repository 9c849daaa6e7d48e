import json

import pytest
from botocore.exceptions import ClientError

from local.cloudformation import CloudFormation
from local.cloudwatch import CloudWatch
from local.events import Events
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.samples import parameter


@pytest.fixture
def account(small_cloud):
    """An account with the cloud's own EventBridge and CloudWatch."""
    cloud = small_cloud(CloudFormation, Events, CloudWatch)
    return Account(cloud, cloud.parts[0])


def _queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", **properties}}


def _policy(action, resource):
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_queue_is_as_its_template_says(account):
    """Attributes and tags follow the template, and fall back to SQS's defaults."""
    sqs = account.cloud.client("sqs")
    names = ("Arn", "QueueName", "QueueUrl")
    sections = {"Outputs": {name: {"Value": {"Fn::GetAtt": ["Q", name]}} for name in names}}
    dead = {"DeadTargetArn": {"Fn::GetAtt": ["D", "Arn"]}}
    redrive = {"deadLetterTargetArn": dead["DeadTargetArn"], "maxReceiveCount": 3}
    first = _queue(
        MessageRetentionPeriod=1209600,
        VisibilityTimeout="60",
        RedrivePolicy=redrive,
        Tags=[{"Key": "k", "Value": "v"}],
    )
    account.create({"Q": first, "D": _queue(QueueName="d", SqsManagedSseEnabled=True)}, sections=sections)
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]

    def attributes():
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    shown = attributes()
    assert account.outputs() == {"Arn": shown["QueueArn"], "QueueName": "q", "QueueUrl": account.physical("Q")}
    assert (shown["MessageRetentionPeriod"], shown["VisibilityTimeout"]) == ("1209600", "60")
    assert json.loads(shown["RedrivePolicy"])["deadLetterTargetArn"].endswith(":d")
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"k": "v"}
    account.update({"Q": _queue(), "D": _queue(QueueName="d", SqsManagedSseEnabled=True)})
    shown = attributes()
    assert (shown["MessageRetentionPeriod"], shown["VisibilityTimeout"]) == ("345600", "30")
    assert not sqs.list_queue_tags(QueueUrl=url).get("Tags")
    account.delete()
    with pytest.raises(ClientError, match="does not exist"):
        sqs.get_queue_url(QueueName="q")


def test_a_queue_that_exists_is_not_taken_over(account):
    """A name that is taken fails the stack, which leaves the other queue alone."""
    account.cloud.client("sqs").create_queue(QueueName="q")
    assert account.create({"Q": _queue()})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Resource of type 'AWS::SQS::Queue' with identifier 'q' already exists." in account.reasons("Q")
    account.cloud.client("sqs").get_queue_url(QueueName="q")


def test_a_queue_policy_follows_its_queues(account):
    """The policy is on every queue it names, and on no other."""
    sqs = account.cloud.client("sqs")

    def resources(*queues):
        document = _policy("sqs:SendMessage", "*")
        policy = {"PolicyDocument": document, "Queues": [{"Ref": name} for name in queues]}
        named = {"Q": _queue(), "R": _queue(QueueName="r")}
        return {**named, "P": {"Type": "AWS::SQS::QueuePolicy", "Properties": policy}}

    def permitted():
        urls = {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("q", "r")}
        asked = {name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]) for name, url in urls.items()}
        return {name for name, shown in asked.items() if shown.get("Attributes", {}).get("Policy")}

    account.create(resources("Q"))
    assert permitted() == {"q"}
    account.update(resources("R"))
    assert permitted() == {"r"}


def test_a_topic_is_as_its_template_says(account):
    """Attributes, subscriptions, policy and tags follow the template."""
    sns = account.cloud.client("sns")

    def resources(endpoint, raw, **topic):
        return {
            "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t", **topic}},
            "P": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"PolicyDocument": _policy("sns:Publish", {"Ref": "T"}), "Topics": [{"Ref": "T"}]},
            },
            "Q": _queue(),
            "S": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "T"},
                    "Protocol": "sqs",
                    "Endpoint": {"Fn::GetAtt": ["Q", "Arn"]},
                    "RawMessageDelivery": raw,
                    "FilterPolicy": {"kind": ["a"]},
                },
            },
            "E": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {"TopicArn": {"Ref": "T"}, "Protocol": "email", "Endpoint": endpoint},
            },
        }

    account.create(resources("a@example.com", True, DisplayName="one", Tags=[{"Key": "k", "Value": "v"}]))
    topic = account.physical("T")

    def endpoints():
        found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return {subscription["Endpoint"] for subscription in found if subscription["Protocol"] == "email"}

    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (shown["DisplayName"], json.loads(shown["Policy"])["Statement"][0]["Resource"]) == ("one", topic)
    assert endpoints() == {"a@example.com"}
    account.update(resources("b@example.com", "false", DisplayName="two"))
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "two"
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == []
    assert endpoints() == {"b@example.com"}
    raw = sns.get_subscription_attributes(SubscriptionArn=account.physical("S"))["Attributes"]
    assert (raw["RawMessageDelivery"], json.loads(raw["FilterPolicy"])) == ("false", {"kind": ["a"]})
    account.delete()
    assert sns.list_topics()["Topics"] == []


def test_an_encrypted_topic_delivers_to_a_queue(account):
    """As it would to people's mail: subject and text arrive in SNS's envelope."""
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    resources = {
        "K": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]}},
        },
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": ["K", "Arn"]}}},
        "Q": _queue(),
    }
    account.create(resources)
    sns, sqs, topic = account.cloud.client("sns"), account.cloud.client("sqs"), account.physical("T")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"].endswith(account.physical("K"))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:q")
    sns.publish(TopicArn=topic, Subject="churn: version 3 was rolled back", Message="it failed")
    [message] = sqs.receive_message(QueueUrl=account.physical("Q"), WaitTimeSeconds=1)["Messages"]
    told = json.loads(message["Body"])
    assert (told["Subject"], told["Message"]) == ("churn: version 3 was rolled back", "it failed")


def test_a_topic_subscribes_whom_it_lists(account):
    """Subscriptions inside a topic's declaration come and go with it."""
    sns = account.cloud.client("sns")

    def topic(*endpoints):
        listed = [{"Protocol": "email", "Endpoint": endpoint} for endpoint in endpoints]
        return {"T": {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": listed}}}

    account.create(topic("a@example.com", "b@example.com"))
    account.update(topic("b@example.com", "c@example.com"))
    found = sns.list_subscriptions_by_topic(TopicArn=account.physical("T"))["Subscriptions"]
    assert {subscription["Endpoint"] for subscription in found} == {"b@example.com", "c@example.com"}


def test_a_rule_is_as_its_template_says(account):
    """Pattern, state, targets and tags follow the template."""
    events = account.cloud.client("events")

    def rule(*ids, **properties):
        targets = [
            {"Id": name, "Arn": {"Fn::GetAtt": ["Q", "Arn"]}, "RetryPolicy": {"MaximumRetryAttempts": 2}}
            for name in ids
        ]
        pattern = {"source": ["aws.s3"]}
        made = {"Name": "r", "EventPattern": pattern, "Targets": targets, **properties}
        return {"Q": _queue(), "R": {"Type": "AWS::Events::Rule", "Properties": made}}

    sections = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["R", "Arn"]}}}}
    account.create(rule("a", "b", Tags=[{"Key": "k", "Value": "v"}]), sections=sections)
    shown = events.describe_rule(Name="r")
    assert (shown["Arn"], shown["State"], json.loads(shown["EventPattern"])) == (
        account.outputs()["Arn"],
        "ENABLED",
        {"source": ["aws.s3"]},
    )
    account.update(rule("b", "c", State="DISABLED", EventPattern={"source": ["aws.ecr"]}))
    shown = events.describe_rule(Name="r")
    assert (shown["State"], json.loads(shown["EventPattern"])) == ("DISABLED", {"source": ["aws.ecr"]})
    targets = events.list_targets_by_rule(Rule="r")["Targets"]
    assert {target["Id"]: target["RetryPolicy"]["MaximumRetryAttempts"] for target in targets} == {"b": 2, "c": 2}
    account.delete()
    assert events.list_rules()["Rules"] == []


def test_a_bus_policy_adds_and_removes_its_statement(account):
    """Statements written out and statements by principal stand side by side."""
    events = account.cloud.client("events")
    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
    written = {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "events:PutEvents", "Resource": bus}

    def resources(**statements):
        return {
            name: {"Type": "AWS::Events::EventBusPolicy", "Properties": {"StatementId": name, **what}}
            for name, what in statements.items()
        }

    def statements():
        policy = events.describe_event_bus(Name="default").get("Policy", '{"Statement": []}')
        return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}

    brief = {"Action": "events:PutEvents", "Principal": "333333333333"}
    account.create(resources(written={"Statement": written}, brief=brief))
    assert statements()["written"] == {**written, "Sid": "written"}
    assert set(statements()) == {"written", "brief"}
    denied = {**written, "Effect": "Deny"}
    account.update(resources(written={"Statement": json.dumps(denied)}))
    assert {sid: statement["Effect"] for sid, statement in statements().items()} == {"written": "Deny"}
    account.delete()
    assert statements() == {}


def _alarm(threshold, **properties):
    made = {
        "AlarmName": "a",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": "3",
        "MetricName": "m",
        "Namespace": "n",
        "Period": 60,
        "Statistic": "Sum",
        "Threshold": threshold,
        **properties,
    }
    return {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": made}}


def test_an_alarm_is_as_its_template_says(account):
    """Settings and tags follow the template; a name that is taken is refused."""
    cloudwatch = account.cloud.client("cloudwatch")
    sections = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["A", "Arn"]}}}}
    dimensions = [{"Name": "EndpointName", "Value": "e"}]
    account.create(_alarm("1.5", Dimensions=dimensions, Tags=[{"Key": "k", "Value": "v"}]), sections=sections)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Dimensions"]) == (1.5, 3, dimensions)
    assert alarm["AlarmArn"] == account.outputs()["Arn"]
    account.update(_alarm(2, TreatMissingData="notBreaching", Tags=[{"Key": "l", "Value": "w"}]))
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["Threshold"], alarm["TreatMissingData"], alarm.get("Dimensions", [])) == (2.0, "notBreaching", [])
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == [{"Key": "l", "Value": "w"}]
    assert account.create(_alarm(3), name="t")["StackStatus"] == "ROLLBACK_COMPLETE"
    account.delete()
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_a_log_group_is_as_its_template_says(account):
    """Retention and tags follow the template."""
    logs = account.cloud.client("logs")

    def group(**properties):
        return {"G": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/g", **properties}}}

    sections = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["G", "Arn"]}}}}
    account.create(group(RetentionInDays="30", Tags=[{"Key": "k", "Value": "v"}]), sections=sections)
    (shown,) = logs.describe_log_groups()["logGroups"]
    assert (shown["retentionInDays"], shown["arn"]) == (30, account.outputs()["Arn"])
    assert logs.list_tags_log_group(logGroupName="/g")["tags"] == {"k": "v"}
    account.update(group(Tags=[{"Key": "l", "Value": "w"}]))
    (shown,) = logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in shown
    assert logs.list_tags_log_group(logGroupName="/g")["tags"] == {"l": "w"}
    account.delete()
    assert logs.describe_log_groups()["logGroups"] == []


def test_a_parameter_is_as_its_template_says(account):
    """Value, description and tags follow the template; a name that is taken is refused."""
    ssm = account.cloud.client("ssm")
    account.create({"P": parameter("a", name="/p", description="one", tags={"k": "v"})})
    account.update({"P": parameter("b", name="/p", description="two", tags={"l": "w"})})
    (shown,) = ssm.describe_parameters()["Parameters"]
    assert (ssm.get_parameter(Name="/p")["Parameter"]["Value"], shown["Description"]) == ("b", "two")
    listed = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")["TagList"]
    assert listed == [{"Key": "l", "Value": "w"}]
    assert account.create({"P": parameter("a", name="/p")}, name="t")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ssm.get_parameter(Name="/p")["Parameter"]["Value"] == "b"


def test_inert_resources_hold_their_place(account):
    """A wait condition's handle and the CDK's metadata are listed, updated and deleted without effect."""
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    metadata = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:abc"}}
    account.create({"H": handle, "M": metadata})
    assert account.physical("H").startswith("https://cloudformation-waitcondition-eu-west-1.s3.amazonaws.com/")
    changed = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:def"}}
    assert account.update({"H": handle, "M": changed})["StackStatus"] == "UPDATE_COMPLETE"
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"
