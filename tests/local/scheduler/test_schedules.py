from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.local.scheduler.conftest import ACCOUNT, FUNCTION, REGION, START

PREFIX = f"arn:aws:scheduler:{REGION}:{ACCOUNT}"
RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


def test_a_schedule_is_got_as_it_was_created(account):
    """With the defaults of what was not said."""
    arn = account.put("rate(5 minutes)", Description="d")
    got = account.client.get_schedule(Name="s")
    assert {name: value for name, value in got.items() if name != "ResponseMetadata"} == {
        "ActionAfterCompletion": "NONE",
        "Arn": arn,
        "CreationDate": START,
        "Description": "d",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "GroupName": "default",
        "LastModificationDate": START,
        "Name": "s",
        "ScheduleExpression": "rate(5 minutes)",
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "Target": {"Arn": FUNCTION, "RoleArn": account.role, "RetryPolicy": RETRIES},
    }
    assert arn == f"{PREFIX}:schedule/default/s"


def test_an_update_replaces_all(account):
    """What it does not say goes back to its default; the creation date stays."""
    account.put("rate(5 minutes)", Description="d", State="DISABLED")
    account.clock.advance(timedelta(minutes=1))
    account.put("rate(1 day)", call=account.client.update_schedule)
    got = account.client.get_schedule(Name="s")
    assert "Description" not in got
    assert (got["State"], got["CreationDate"]) == ("ENABLED", START)
    assert got["LastModificationDate"] == START + timedelta(minutes=1)


def test_a_schedule_exists_once(account):
    """A second one of that name is a conflict, unless it is the same request again; in another group it is another."""
    first = account.put("rate(5 minutes)", ClientToken="once")
    assert account.put("rate(5 minutes)", ClientToken="once") == first
    account.client.delete_schedule(Name="s")
    assert account.put("rate(5 minutes)", ClientToken="once") == first
    assert account.client.get_schedule(Name="s")["Arn"] == first
    assert account.refusal("rate(5 minutes)") == ("ConflictException", "Schedule s already exists.")
    account.client.create_schedule_group(Name="g")
    assert account.put("rate(5 minutes)", GroupName="g") == f"{PREFIX}:schedule/g/s"


@pytest.mark.parametrize("call", ["get_schedule", "delete_schedule"])
def test_a_schedule_that_is_not_there_is_said_so(account, call):
    """With the modelled error."""
    with pytest.raises(account.client.exceptions.ResourceNotFoundException, match=r"Schedule s does not exist\."):
        getattr(account.client, call)(Name="s")


def test_schedules_are_listed_by_group_name_and_state(account):
    """In pages, with the target's ARN alone."""
    account.client.create_schedule_group(Name="g")
    for name in ("a1", "a2", "b1"):
        account.put("rate(1 day)", name=name)
    account.put("rate(1 day)", name="a3", GroupName="g", State="DISABLED")

    def names(**params):
        pages = account.client.get_paginator("list_schedules").paginate(**params)
        return [schedule["Name"] for page in pages for schedule in page["Schedules"]]

    assert names(PaginationConfig={"PageSize": 1}) == ["a1", "a2", "b1", "a3"]
    assert names(NamePrefix="a") == ["a1", "a2", "a3"]
    assert names(GroupName="g") == names(State="DISABLED") == ["a3"]
    [listed] = account.client.list_schedules(GroupName="g")["Schedules"]
    assert listed["Target"] == {"Arn": FUNCTION}


@pytest.mark.parametrize(
    "expression", ["rate(0 minutes)", "rate(1 week)", "cron(0 10 * * *)", "at(21.11.2026)", "hourly"]
)
def test_an_expression_that_means_nothing_is_refused(account, expression):
    """By its text."""
    assert account.refusal(expression) == ("ValidationException", f"Invalid Schedule Expression {expression}.")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "MaximumWindowInMinutes"),
        ({"StartDate": START - timedelta(hours=1)}, "StartDate"),
        ({"EndDate": START - timedelta(hours=1)}, "EndDate"),
        ({"StartDate": START + timedelta(hours=2), "EndDate": START + timedelta(hours=1)}, "EndDate"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"target": {"Input": "not JSON"}}, "well-formed JSON"),
        ({"target": {"SqsParameters": {"MessageGroupId": "g"}}}, "SqsParameters"),
        ({"target": {"SageMakerPipelineParameters": {}}}, "SageMakerPipelineParameters"),
        ({"arn": "nonsense"}, "not in correct format"),
        ({"target": {"RoleArn": "nobody"}}, "satisfy regular expression pattern"),
        ({"target": {"RoleArn": "arn:aws:iam::123456789012:role/nobody"}}, "must allow AWS EventBridge Scheduler"),
        ({"name": "a b"}, "satisfy regular expression pattern"),
    ],
)
def test_what_contradicts_itself_or_the_model_is_refused(account, more, said):
    """Before anything is kept."""
    code, message = account.refusal("rate(1 minute)", **more)
    assert (code, said in message) == ("ValidationException", True), message
    assert account.client.list_schedules()["Schedules"] == []


def test_a_role_for_another_service_or_group_is_refused(account):
    """The conditions of its trust hold for the schedule's group."""
    account.role = account.role_for("lambda.amazonaws.com", name="other")
    assert "must allow AWS EventBridge Scheduler" in account.refusal("rate(1 minute)")[1]
    condition = {"Condition": {"ArnEquals": {"aws:SourceArn": f"{PREFIX}:schedule-group/default"}}}
    account.role = account.role_for("scheduler.amazonaws.com", name="bound", **condition)
    account.put("rate(1 minute)")
    account.client.create_schedule_group(Name="g")
    assert "must allow AWS EventBridge Scheduler" in account.refusal("rate(1 minute)", GroupName="g")[1]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}, "universal target arn:aws:scheduler:::aws-sdk:sqs"),
        ({"arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m"}, "target arn:aws:states"),
        ({"arn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e"}, "target arn:aws:sagemaker"),
        ({"KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/k"}, "KmsKeyArn"),
    ],
)
def test_what_this_cloud_does_not_do_is_refused_by_name(account, more, said):
    """Rather than kept without effect."""
    code, message = account.refusal("rate(1 minute)", **more)
    assert (code, said in message) == ("UnsupportedLocally", True), message


def test_a_group_has_tags_and_takes_its_schedules_with_it(account):
    """Deleted, it leaves none of them to come due."""
    tags = [{"Key": "a", "Value": "b"}]
    arn = account.client.create_schedule_group(Name="g", Tags=tags)["ScheduleGroupArn"]
    assert arn == f"{PREFIX}:schedule-group/g"
    account.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    account.client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert account.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    account.put("rate(1 minute)", GroupName="g")
    account.client.delete_schedule_group(Name="g")
    assert account.pass_by(minutes=5) == 0
    assert [group["Name"] for group in account.client.list_schedule_groups()["ScheduleGroups"]] == ["default"]


def test_groups_exist_once_and_the_default_one_always(account):
    """A schedule needs its group."""
    account.client.create_schedule_group(Name="g")
    assert account.client.get_schedule_group(Name="default")["State"] == "ACTIVE"
    with pytest.raises(account.client.exceptions.ConflictException):
        account.client.create_schedule_group(Name="g")
    with pytest.raises(ClientError, match="default schedule group cannot be deleted"):
        account.client.delete_schedule_group(Name="default")
    told = ("ResourceNotFoundException", "Schedule group none does not exist.")
    assert account.refusal("rate(1 minute)", GroupName="none") == told
