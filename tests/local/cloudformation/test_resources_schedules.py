import pytest
from botocore.exceptions import ClientError

from local.cloudformation import CloudFormation
from local.events import Events
from local.scheduler import Scheduler
from tests.local.cloudformation.account import Account

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:sluice-dev-watch"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:dead"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": 7200}}


@pytest.fixture
def account(small_cloud, stepped_clock):
    """An account with the cloud's own EventBridge and its Scheduler, whose clock stands still."""
    cloud = small_cloud(CloudFormation, Events, Scheduler, clock=stepped_clock)
    return Account(cloud, cloud.parts[0])


@pytest.fixture
def scheduler(account):
    """EventBridge Scheduler of the account."""
    return account.cloud.client("scheduler")


def _schedule(expression="rate(1 minute)", **more):
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": "watch",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": FUNCTION,
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Input": "{}",
                "DeadLetterConfig": {"Arn": QUEUE},
                "RetryPolicy": {"MaximumRetryAttempts": "2", "MaximumEventAgeInSeconds": 300},
            },
            **more,
        },
    }


def test_a_schedule_is_as_its_template_says(account, scheduler):
    """It comes, changes and goes with its stack; numbers may be texts."""
    sections = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Watch", "Arn"]}}}}
    account.create({"Role": ROLE, "Watch": _schedule(Description="d", State="ENABLED")}, sections=sections)
    got = scheduler.get_schedule(Name="watch")
    assert account.outputs() == {"Arn": got["Arn"]}
    assert account.physical("Watch") == "watch"
    assert (got["ScheduleExpression"], got["Description"]) == ("rate(1 minute)", "d")
    assert got["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300}
    assert (got["Target"]["Input"], got["Target"]["DeadLetterConfig"]) == ("{}", {"Arn": QUEUE})
    account.update({"Role": ROLE, "Watch": _schedule("rate(1 day)", State="DISABLED")})
    got = scheduler.get_schedule(Name="watch")
    assert (got["ScheduleExpression"], got["State"], "Description" in got) == ("rate(1 day)", "DISABLED", False)
    account.delete()
    with pytest.raises(ClientError, match="does not exist"):
        scheduler.get_schedule(Name="watch")


def test_a_schedule_may_stand_in_a_group_of_its_stack(account, scheduler):
    """Which is there before it."""
    group = {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "g", "Tags": [{"Key": "k", "Value": "v"}]}}
    resources = {"Role": ROLE, "G": group, "Watch": _schedule(GroupName={"Ref": "G"})}
    assert account.create(resources)["StackStatus"] == "CREATE_COMPLETE"
    assert scheduler.get_schedule(Name="watch", GroupName="g")["GroupName"] == "g"
    arn = scheduler.get_schedule_group(Name="g")["Arn"]
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert scheduler.list_schedules()["Schedules"] == []


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"Name": "watch", "Surprise": 1}, "does not support the property Surprise of AWS::Scheduler::Schedule"),
        ({"Name": "watch", "Tags": []}, "does not support the property Tags"),
        ({"Name": "watch", "KmsKeyArn": "k"}, "does not support the property KmsKeyArn"),
    ],
)
def test_an_unknown_property_is_refused_by_name(account, properties, said):
    """Before there is a stack."""
    with pytest.raises(ClientError, match=said):
        account.create({"Role": ROLE, "Watch": _schedule(**properties)})


def test_a_schedule_that_is_wrong_fails_its_stack(account):
    """With the service's own words."""
    assert account.create({"Role": ROLE, "Watch": _schedule("hourly")})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Invalid Schedule Expression hourly" in account.reasons("Watch")[-1]


def test_a_rule_may_have_a_schedule(account):
    """Instead of a pattern; it can be changed and disabled."""
    events = account.cloud.client("events")

    def rule(expression, **more):
        target = {"Arn": FUNCTION, "Id": "T", "DeadLetterConfig": {"Arn": QUEUE}}
        properties = {"Name": "tick", "ScheduleExpression": expression, "Targets": [target], **more}
        return {"Tick": {"Type": "AWS::Events::Rule", "Properties": properties}}

    account.create(rule("rate(15 minutes)", State="ENABLED"))
    assert events.describe_rule(Name="tick")["ScheduleExpression"] == "rate(15 minutes)"
    account.update(rule("cron(0 6 * * ? *)", State="DISABLED"))
    described = events.describe_rule(Name="tick")
    assert (described["ScheduleExpression"], described["State"]) == ("cron(0 6 * * ? *)", "DISABLED")
    assert events.list_targets_by_rule(Rule="tick")["Targets"][0]["Arn"] == FUNCTION
    account.delete()
    assert events.list_rules()["Rules"] == []
