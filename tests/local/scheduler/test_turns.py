import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.local.scheduler.conftest import ACCOUNT, FUNCTION, PIPELINE, REGION, START

SCHEDULE = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s"


def test_a_rate_begins_at_once_and_goes_on(account):
    """Without a start date the first turn is now."""
    account.put("rate(1 minute)")
    assert account.pass_by(seconds=2) == 1
    assert account.pass_by(minutes=5) == 5


def test_a_rate_begins_at_its_start_and_ends_at_its_end(account):
    """Between the two, each included."""
    account.put("rate(1 hour)", StartDate=START + timedelta(minutes=30), EndDate=START + timedelta(hours=2, minutes=30))
    assert account.pass_by(minutes=29) == 0
    assert account.pass_by(minutes=1) == 1
    assert account.pass_by(days=1) == 2


def test_cron_is_read_in_its_time_zone(account):
    """Ten in the morning in Tokyo is one o'clock of UTC."""
    account.put("cron(0 10 * * ? *)", ScheduleExpressionTimezone="Asia/Tokyo")
    assert account.pass_by(hours=16, minutes=29) == 0
    assert account.pass_by(minutes=1) == 1
    assert account.pass_by(days=2) == 2


@pytest.mark.parametrize(("action", "left"), [("NONE", ["s"]), ("DELETE", [])])
def test_a_schedule_of_one_time_has_one_turn(account, action, left):
    """Afterwards it stays or goes, as its action says; it does not look at start and end."""
    account.put("at(2026-11-21T09:00:00)", ActionAfterCompletion=action, StartDate=START + timedelta(days=1))
    assert account.pass_by(days=2) == 1
    assert left == [schedule["Name"] for schedule in account.client.list_schedules()["Schedules"]]


def test_a_recurring_schedule_is_deleted_after_its_last_turn(account):
    """Not before."""
    account.put("rate(1 hour)", EndDate=START + timedelta(minutes=121), ActionAfterCompletion="DELETE")
    assert account.pass_by(minutes=90) == 2
    assert account.client.get_schedule(Name="s")["State"] == "ENABLED"
    account.pass_by(hours=1)
    assert account.client.list_schedules()["Schedules"] == []


def test_a_disabled_schedule_has_no_turns(account):
    """Until it is enabled; deleted it has none either."""
    account.put("rate(1 minute)", State="DISABLED")
    assert account.pass_by(minutes=5) == 0
    account.put("rate(1 minute)", call=account.client.update_schedule)
    assert account.pass_by(minutes=5) == 5
    account.client.delete_schedule(Name="s")
    assert account.pass_by(minutes=5) == 0


def test_a_flexible_window_spreads_its_turns(account):
    """The target is called within the window after the turn."""
    account.put("rate(1 hour)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
    assert account.pass_by(minutes=15, seconds=1) == 1
    assert account.pass_by(hours=24) == 24


def test_a_function_gets_the_input(account):
    """With the attributes of the turn in their places, called as the schedule's role and not as the account."""
    given = {
        "schedule": "<aws.scheduler.schedule-arn>",
        "time": "<aws.scheduler.scheduled-time>",
        "attempt": "<aws.scheduler.attempt-number>",
        "id": "<aws.scheduler.execution-id>",
    }
    account.put("at(2026-11-21T09:00:00)", target={"Input": json.dumps(given)})
    account.pass_by(hours=1)
    sent = json.loads(account.functions.taken[0])
    assert (sent["schedule"], sent["time"], sent["attempt"]) == (SCHEDULE, "2026-11-21T09:00:00Z", "1")
    assert len(sent["id"]) == 16
    assert account.functions.callers[0].startswith("ASIA")


def test_without_input_a_notification_is_sent(account):
    """A scheduled event from aws.scheduler, whose detail is an empty object as text."""
    account.put("at(2026-11-21T09:00:00)")
    account.pass_by(hours=1)
    sent = json.loads(account.functions.taken[0])
    assert {name: value for name, value in sent.items() if name != "id"} == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": "2026-11-21T09:00:00Z",
        "region": REGION,
        "resources": [SCHEDULE],
        "detail": "{}",
    }


def test_a_queue_and_a_topic_get_the_input_as_it_is(account):
    """It need not be JSON."""
    queue = account.queue()
    topic = account.cloud.client("sns").create_topic(Name="t")["TopicArn"]
    account.cloud.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
    )
    account.put("at(2026-11-21T09:00:00)", arn=queue, target={"Input": "to the queue"})
    account.put("at(2026-11-21T09:00:00)", name="t", arn=topic, target={"Input": "to the topic"})
    account.pass_by(hours=1)
    assert sorted(body for body, _ in account.letters()) == ["to the queue", "to the topic"]


def test_a_pipeline_is_started_with_the_schedules_parameters(account):
    """Each turn starts it once, also when an attempt was throttled: every attempt bears the same token."""
    account.pipelines.throttles = 1
    given = [{"Name": "Seed", "Value": "7"}]
    account.put("rate(1 day)", arn=PIPELINE, target={"SageMakerPipelineParameters": {"PipelineParameterList": given}})
    account.pass_by(minutes=5)
    account.pass_by(seconds=2)
    first, again = account.pipelines.started
    assert first == again
    assert (first["PipelineName"], first["PipelineParameters"]) == ("p", given)
    account.pass_by(days=1)
    assert account.pipelines.started[2]["ClientRequestToken"] != first["ClientRequestToken"]


def test_a_pipeline_that_is_not_there_leaves_a_dead_letter(account):
    """At once: no retry would find it."""
    account.pipelines.exists = False
    target = {"DeadLetterConfig": {"Arn": account.queue()}}
    account.put("at(2026-11-21T09:00:00)", arn=PIPELINE, target=target)
    account.pass_by(hours=1)
    [(_, attributes)] = account.letters()
    assert (attributes["ERROR_MESSAGE"], attributes["TARGET_ARN"]) == ("Pipeline p does not exist", PIPELINE)


def test_a_call_that_fails_is_repeated(account):
    """After a pause of the cloud's time, with the next number."""
    account.functions.throttles = 2
    account.put("at(2026-11-21T09:00:00)", target={"Input": '"<aws.scheduler.attempt-number>"'})
    account.pass_by(minutes=30)
    account.pass_by(seconds=2)
    account.pass_by(seconds=4)
    assert account.functions.taken == ['"3"']


def test_what_cannot_be_delivered_is_buried(account):
    """With the documented attributes, when the retries that its policy allows are used up."""
    queue = account.queue("dead")
    account.functions.throttles = 9
    policy = {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    account.put(
        "at(2026-11-21T09:00:00)",
        target={"Input": '"x"', "DeadLetterConfig": {"Arn": queue}, "RetryPolicy": policy},
    )
    account.pass_by(minutes=30)
    account.pass_by(seconds=2)
    [(body, attributes)] = account.letters("dead")
    assert body == '"x"'
    assert len(attributes.pop("EXECUTION_ID")) == 16
    assert attributes == {
        "ERROR_CODE": "TooManyRequestsException",
        "ERROR_MESSAGE": "Rate Exceeded.",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "1",
        "SCHEDULED_TIME": "2026-11-21T09:00:00Z",
        "SCHEDULE_ARN": SCHEDULE,
        "TARGET_ARN": FUNCTION,
    }


def test_an_error_that_no_retry_cures_is_buried_at_once(account):
    """Without a word of exhausted retries."""
    queue = account.queue("dead")
    account.functions.exists = False
    account.put("at(2026-11-21T09:00:00)", target={"DeadLetterConfig": {"Arn": queue}})
    account.pass_by(hours=1)
    [(_, attributes)] = account.letters("dead")
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("ResourceNotFoundException", "0")
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes


def test_a_role_that_trusts_the_scheduler_no_more_calls_nothing(account):
    """Though it did when the schedule was made."""
    account.put("rate(1 hour)", StartDate=START + timedelta(hours=1))
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.cloud.client("iam").update_assume_role_policy(RoleName="caller", PolicyDocument=trust)
    assert account.pass_by(hours=1) == 0
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        account.put("rate(1 hour)", name="other")
