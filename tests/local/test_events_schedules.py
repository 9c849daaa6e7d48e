import json
from datetime import UTC, datetime, timedelta

import pytest

from local.clock import Clock
from local.events import Events

ACCOUNT, REGION = "123456789012", "eu-west-1"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/tick"
TEN_SECONDS = 10.0


class Ticking:
    """EventBridge on a stepped clock with a rule `tick` on a queue, from half past eight."""

    def __init__(self, small_cloud) -> None:
        self.clock = Clock(speed=0, start=datetime(2026, 11, 21, 8, 30, tzinfo=UTC))
        cloud = small_cloud(Events, clock=self.clock)
        self._part, self.events, self._sqs = cloud.parts[0], cloud.client("events"), cloud.client("sqs")
        allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*"}
        policy = json.dumps({"Statement": [{**allow, "Resource": "*"}]})
        self._url = self._sqs.create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]

    def put(self, expression, **more):
        """Put the rule and its target."""
        self.events.put_rule(Name="tick", ScheduleExpression=expression, **more)
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
        self.events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": queue}])

    def pass_by(self, **time):
        """What is sent while time passes."""
        self.clock.advance(timedelta(**time))
        assert self._part.resting(TEN_SECONDS)
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture
def ticking(small_cloud):
    """A cloud with a rule that is still to be put."""
    return Ticking(small_cloud)


def test_a_rule_with_a_schedule_sends_a_scheduled_event(ticking):
    """In the documented shape: from aws.events, for the rule, with an empty detail and the turn's time."""
    ticking.put("rate(15 minutes)")
    assert ticking.pass_by(minutes=14, seconds=59) == []
    [event] = ticking.pass_by(seconds=1)
    assert {name: value for name, value in event.items() if name != "id"} == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2026-11-21T08:45:00Z",
        "region": REGION,
        "resources": [RULE],
        "detail": {},
    }


def test_turns_recur(ticking):
    """By the rate, and by cron in UTC."""
    ticking.put("rate(1 hour)")
    assert sorted(event["time"] for event in ticking.pass_by(hours=3)) == [
        "2026-11-21T09:30:00Z",
        "2026-11-21T10:30:00Z",
        "2026-11-21T11:30:00Z",
    ]
    ticking.put("cron(0 6 ? * MON *)")
    assert [event["time"] for event in ticking.pass_by(days=7)] == ["2026-11-23T06:00:00Z"]


def test_a_disabled_rule_does_not_fire(ticking):
    """Neither one that was put so, nor one that is switched off; switched on, its rate counts anew."""
    ticking.put("rate(1 minute)", State="DISABLED")
    assert ticking.pass_by(minutes=5) == []
    ticking.events.enable_rule(Name="tick")
    assert len(ticking.pass_by(minutes=2)) == 2
    ticking.events.disable_rule(Name="tick")
    assert ticking.pass_by(minutes=5) == []


def test_a_deleted_rule_does_not_fire(ticking):
    """Nor does its successor of the same name by the old schedule."""
    ticking.put("rate(1 minute)")
    ticking.events.remove_targets(Rule="tick", Ids=["1"])
    ticking.events.delete_rule(Name="tick")
    assert ticking.pass_by(minutes=5) == []
    ticking.put("rate(10 minutes)")
    assert len(ticking.pass_by(minutes=10)) == 1


def test_a_schedule_is_for_its_own_rule_alone(ticking):
    """A rule with both fires by either; another whose pattern would fit a scheduled event does not."""
    ticking.put("rate(1 minute)", EventPattern='{"source": ["app"]}')
    ticking.events.put_rule(Name="other", EventPattern='{"source": ["aws.events"]}')
    ticking.events.put_targets(Rule="other", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}])
    ticking.events.put_events(Entries=[{"Source": "app", "DetailType": "t", "Detail": "{}"}])
    assert sorted(event["source"] for event in ticking.pass_by(minutes=1)) == ["app", "aws.events"]
