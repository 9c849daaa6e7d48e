import json

import pytest
from botocore.exceptions import ClientError

from local.events import Events

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:q"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p"
PATTERN = json.dumps({"source": ["aws.sagemaker"]})


@pytest.fixture
def events(small_cloud):
    """EventBridge."""
    return small_cloud(Events).client("events")


@pytest.fixture
def rule(events):
    """The ARN of a rule named `r`."""
    return events.put_rule(Name="r", EventPattern=PATTERN, Description="d", Tags=[{"Key": "a", "Value": "b"}])[
        "RuleArn"
    ]


def refusal(call, **params):
    """Code and message of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def plain(answer):
    """An answer without its metadata."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_rule_is_described_as_it_was_put(events, rule):
    """With its ARN, its state and its bus."""
    assert plain(events.describe_rule(Name="r")) == {
        "Name": "r",
        "Arn": "arn:aws:events:eu-west-1:123456789012:rule/r",
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "Description": "d",
        "EventBusName": "default",
    }


def test_putting_a_rule_again_replaces_it_and_keeps_targets_and_tags(events, rule):
    """Tags of an update are ignored, as AWS says."""
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    events.put_rule(Name="r", EventPattern='{"source": ["x"]}', State="DISABLED", Tags=[{"Key": "new", "Value": "t"}])
    assert events.describe_rule(Name="r")["State"] == "DISABLED"
    assert "Description" not in events.describe_rule(Name="r")
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [{"Id": "1", "Arn": QUEUE}]
    assert events.list_tags_for_resource(ResourceARN=rule)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_rules_are_listed_by_prefix_in_pages(events):
    """In the order of their names."""
    for name in ("b2", "a", "b1", "b3"):
        events.put_rule(Name=name, EventPattern=PATTERN)
    first = events.list_rules(NamePrefix="b", Limit=2)
    second = events.list_rules(NamePrefix="b", Limit=2, NextToken=first["NextToken"])
    assert [rule["Name"] for rule in first["Rules"] + second["Rules"]] == ["b1", "b2", "b3"]
    assert "NextToken" not in second


def test_a_rule_can_be_switched_off_and_on(events, rule):
    """Its state says so."""
    events.disable_rule(Name="r")
    off = events.describe_rule(Name="r")["State"]
    events.enable_rule(Name="r")
    assert (off, events.describe_rule(Name="r")["State"]) == ("DISABLED", "ENABLED")


def test_a_rule_with_targets_cannot_be_deleted(events, rule):
    """Without them it can, and twice."""
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    assert refusal(events.delete_rule, Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    events.remove_targets(Rule="r", Ids=["1"])
    events.delete_rule(Name="r")
    events.delete_rule(Name="r")
    assert events.list_rules()["Rules"] == []


@pytest.mark.parametrize("operation", ["describe_rule", "enable_rule", "disable_rule"])
def test_a_rule_that_does_not_exist_is_told_by_name(events, operation):
    """In AWS's words."""
    message = "Rule nope does not exist on EventBus default."
    assert refusal(getattr(events, operation), Name="nope") == ("ResourceNotFoundException", message)


def test_there_is_one_bus(events):
    """Others do not exist, and none can be made."""
    assert plain(events.describe_event_bus()) == {
        "Name": "default",
        "Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/default",
    }
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]
    assert refusal(events.list_rules, EventBusName="other") == (
        "ResourceNotFoundException",
        "Event bus other does not exist.",
    )
    assert refusal(events.create_event_bus, Name="other")[0] == "UnsupportedLocally"


def test_a_rule_needs_a_pattern_or_a_schedule(events):
    """Or has both."""
    told = "Parameter(s) EventPattern or ScheduleExpression must be specified."
    assert refusal(events.put_rule, Name="r") == ("ValidationException", told)
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)")
    assert "EventPattern" not in events.describe_rule(Name="r")
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)", EventPattern=PATTERN)
    described = events.describe_rule(Name="r")
    assert (described["ScheduleExpression"], described["EventPattern"]) == ("rate(1 day)", PATTERN)


@pytest.mark.parametrize(
    "expression",
    ["rate(1 minutes)", "rate(5 minute)", "rate(0 days)", "cron(0 10 * * *)", "at(2026-11-21T10:00:00)", "daily"],
)
def test_a_schedule_that_means_nothing_is_refused(events, expression):
    """Rates of one are singular, cron has six fields, and there is no `at` for rules."""
    told = ("ValidationException", "Parameter ScheduleExpression is not valid.")
    assert refusal(events.put_rule, Name="r", ScheduleExpression=expression) == told


def test_targets_are_kept_as_they_were_put(events, rule):
    """A target of the same id is replaced; rules are found by the ARN of a target."""
    target = {
        "Id": "1",
        "Arn": PIPELINE,
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "a", "Value": "b"}]},
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
        "DeadLetterConfig": {"Arn": QUEUE},
    }
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION}])
    assert events.put_targets(Rule="r", Targets=[target])["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [target]
    assert events.list_rule_names_by_target(TargetArn=PIPELINE)["RuleNames"] == ["r"]
    assert events.list_rule_names_by_target(TargetArn=FUNCTION)["RuleNames"] == []


def test_removing_a_target_that_is_not_there_fails_for_that_entry(events, rule):
    """The others are removed."""
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    answer = events.remove_targets(Rule="r", Ids=["1", "2"])
    assert [entry["TargetId"] for entry in answer["FailedEntries"]] == ["2"]
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_a_rule_has_five_targets_at_most(events, rule):
    """AWS's default quota."""
    targets = [{"Id": str(number), "Arn": QUEUE} for number in range(6)]
    assert refusal(events.put_targets, Rule="r", Targets=targets)[0] == "LimitExceededException"
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:states:eu-west-1:123456789012:stateMachine:s",
        "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e",
        "arn:aws:events:eu-west-1:123456789012:event-bus/default",
    ],
)
def test_a_target_that_could_never_be_reached_is_refused_by_name(events, rule, arn):
    """Rather than dropped later."""
    code, message = refusal(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": arn, "RoleArn": "r" * 20}])
    assert (code, arn in message) == ("UnsupportedLocally", True)


def test_a_bus_of_another_account_is_a_target(events, rule):
    """It is kept, though nothing can be delivered to it here."""
    arn = "arn:aws:events:eu-west-1:210987654321:event-bus/default"
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/r"}])
    assert events.list_rule_names_by_target(TargetArn=arn)["RuleNames"] == ["r"]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"Arn": PIPELINE}, "RoleArn is required for target"),
        ({"Arn": "not-an-arn"}, "Provided Arn is not in correct format"),
        ({"Arn": QUEUE, "Input": "{"}, "Invalid input for target 1"),
        ({"Arn": QUEUE, "Input": "1", "InputPath": "$.a"}, "Only one of Input, InputPath, or InputTransformer"),
        ({"Arn": QUEUE, "InputPath": "detail"}, "JSONPath detail is not valid"),
        ({"Arn": QUEUE, "InputTransformer": {"InputTemplate": "<a>"}}, "contains invalid placeholder a"),
    ],
)
def test_a_target_that_aws_refuses_is_refused(events, rule, target, told):
    """When it is put, not when an event comes."""
    code, message = refusal(events.put_targets, Rule="r", Targets=[{"Id": "1", **target}])
    assert (code, told in message) == ("ValidationException", True)


def test_tags_of_a_rule_can_be_changed(events, rule):
    """One is added, one is taken."""
    events.tag_resource(ResourceARN=rule, Tags=[{"Key": "c", "Value": "d"}])
    events.untag_resource(ResourceARN=rule, TagKeys=["a", "unknown"])
    assert events.list_tags_for_resource(ResourceARN=rule)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert refusal(events.list_tags_for_resource, ResourceARN=f"{rule}-not")[0] == "ResourceNotFoundException"


def test_entries_of_put_events_fail_one_by_one(events):
    """The good one is accepted; nobody may speak for a service of AWS."""
    good = {"Source": "app", "DetailType": "t", "Detail": "{}"}
    entries = [
        good,
        {**good, "Source": "aws.sagemaker"},
        {**good, "Detail": "{"},
        {**good, "Detail": "[]"},
        {"Source": "app", "Detail": "{}"},
    ]
    answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 4
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "NotAuthorizedForSourceException",
        "MalformedDetail",
        "MalformedDetail",
        "InvalidArgument",
    ]
    assert answer["Entries"][0]["EventId"]


def test_a_request_of_over_a_megabyte_is_refused(events):
    """All of it."""
    entry = {"Source": "app", "DetailType": "t", "Detail": json.dumps({"x": "y" * 600_000})}
    assert "over the limit" in refusal(events.put_events, Entries=[entry, entry])[1]


def test_a_pattern_can_be_tried_on_an_event(events):
    """A whole event is needed for it."""
    event = dict.fromkeys(("id", "account", "time", "region", "detail-type"), "x")
    event |= {"source": "aws.sagemaker", "resources": [], "detail": {}}
    assert events.test_event_pattern(EventPattern=PATTERN, Event=json.dumps(event))["Result"]
    assert not events.test_event_pattern(EventPattern='{"source": ["x"]}', Event=json.dumps(event))["Result"]
    assert "missing id" in refusal(events.test_event_pattern, EventPattern=PATTERN, Event="{}")[1]


def test_permissions_of_the_bus_make_its_policy(events):
    """A statement by account, one by organization, one as it is given."""
    events.put_permission(Action="events:PutEvents", Principal="210987654321", StatementId="one")
    organization = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"}
    events.put_permission(Action="events:PutEvents", Principal="*", StatementId="two", Condition=organization)
    own = {"Sid": "three", "Effect": "Deny", "Principal": "*", "Action": "events:*", "Resource": "*"}
    events.put_permission(Policy=json.dumps({"Version": "2012-10-17", "Statement": own}))
    events.remove_permission(StatementId="two")
    assert json.loads(events.describe_event_bus()["Policy"])["Statement"] == [
        {
            "Sid": "one",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
            "Action": "events:PutEvents",
            "Resource": "arn:aws:events:eu-west-1:123456789012:event-bus/default",
        },
        own,
    ]
    assert refusal(events.remove_permission, StatementId="two")[0] == "ResourceNotFoundException"
    events.remove_permission(RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus()
