import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.cloudwatch import CloudWatch
from tests.local.cloudwatch.alarms import alarm, history, put, put_alarm
from tests.local.cloudwatch.conftest import ALARM, LAG, MINUTE, NOON

INITIAL = "Unchecked: Initial alarm creation"


class StallingClock(Clock):
    """A stepped clock whose time passes at once, so that what was due in between runs late."""

    def wake(self, by):
        """Let time pass, then run what is due."""
        self._stepped += by
        self.advance(timedelta())


def changes(cloud, kind="CloudWatch Alarm State Change"):
    """The details of the events that were sent."""
    return [
        detail for source, detail_type, detail in cloud.emitted if (source, detail_type) == ("aws.cloudwatch", kind)
    ]


def test_an_alarm_rings_when_its_minute_has_closed_and_ends_when_its_data_are_gone(cloud, cloudwatch):
    """From INSUFFICIENT_DATA to OK to ALARM to OK, each ten seconds after a minute."""
    put_alarm(cloudwatch)
    put(cloudwatch, 1, at=NOON + 1.5 * MINUTE)
    heard = []
    cloud.services.alarms.subscribe(lambda name, state: heard.append((name, state, cloud.services.clock.now())))
    cloud.services.clock.advance(10 * MINUTE)
    assert heard == [
        ("errors", "OK", NOON + LAG),
        ("errors", "ALARM", NOON + 2 * MINUTE + LAG),
        ("errors", "OK", NOON + 5 * MINUTE + LAG),
    ]


def test_data_that_come_within_the_lag_are_counted(cloud, cloudwatch):
    """Nine seconds after the minute is early enough."""
    put_alarm(cloudwatch)
    cloud.services.clock.advance(MINUTE + timedelta(seconds=9))
    put(cloudwatch, 1, at=NOON + timedelta(seconds=59))
    cloud.services.clock.advance(timedelta(seconds=1))
    assert cloud.services.alarms.state("errors") == "ALARM"


def test_a_high_resolution_alarm_is_evaluated_every_ten_seconds(cloud, cloudwatch):
    """Five seconds after each, on seconds that were put as such."""
    put_alarm(cloudwatch, Period=10)
    put(cloudwatch, 1, at=NOON + timedelta(seconds=12), StorageResolution=1)
    states = []
    for _ in range(6):
        cloud.services.clock.advance(timedelta(seconds=10))
        states.append(cloud.services.alarms.state("errors"))
    assert states == ["OK", "OK", "ALARM", "ALARM", "ALARM", "OK"]


def test_one_long_step_of_the_clock_does_what_many_short_ones_do(small_cloud):
    """The same history, in the same order, at the same times."""

    def lived(steps):
        cloud = small_cloud(CloudWatch, clock=Clock(speed=0, start=NOON))
        cloudwatch = cloud.client("cloudwatch")
        for name in "cab":
            put_alarm(cloudwatch, AlarmName=name)
        put(cloudwatch, 1, at=NOON + 2 * MINUTE)
        for _ in range(steps):
            cloud.services.clock.advance(60 * MINUTE / steps)
        items = cloudwatch.describe_alarm_history()["AlarmHistoryItems"]
        return [(item["AlarmName"], item["Timestamp"], item["HistoryData"]) for item in items]

    once = lived(1)
    assert [name for name, _, data in once if '"stateValue":"ALARM"' in data] == list("cbacba")
    assert once == lived(240)


def test_a_process_that_stalls_evaluates_each_minute_late(small_cloud):
    """On the data that came for it, although the clock got to those as late."""
    cloud = small_cloud(CloudWatch, clock=StallingClock(speed=0, start=NOON))
    clock, cloudwatch = cloud.services.clock, cloud.client("cloudwatch")
    put_alarm(cloudwatch)
    clock.after(1.5 * MINUTE, lambda: put(cloudwatch, 1, at=NOON + MINUTE))
    clock.wake(6 * MINUTE)
    assert [change["state"]["value"] for change in changes(cloud)] == ["OK", "ALARM", "OK"]


def test_a_clock_that_ran_far_ahead_is_not_run_after(small_cloud):
    """A day at once is evaluated ten times, not for every minute of it."""
    cloud = small_cloud(CloudWatch, clock=StallingClock(speed=0, start=NOON))
    clock, cloudwatch = cloud.services.clock, cloud.client("cloudwatch")
    put_alarm(cloudwatch)
    put(cloudwatch, 1, at=NOON + 60 * MINUTE)
    clock.wake(timedelta(days=1))
    assert [change["state"]["value"] for change in changes(cloud)] == ["OK"]


def test_an_alarm_that_is_put_again_keeps_its_state(cloud, cloudwatch):
    """Until it is evaluated by its new settings."""
    put_alarm(cloudwatch)
    put(cloudwatch, 1, at=NOON)
    cloud.services.clock.advance(MINUTE + LAG)
    put_alarm(cloudwatch, Threshold=5.0)
    before = alarm(cloudwatch)["StateValue"]
    cloud.services.clock.advance(MINUTE)
    assert (before, alarm(cloudwatch)["StateValue"]) == ("ALARM", "OK")


def test_a_state_that_was_set_lasts_until_the_next_evaluation(cloud, cloudwatch):
    """As AWS warns; its actions and events happen nevertheless."""
    put_alarm(cloudwatch)
    cloud.services.clock.advance(LAG)
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill", StateReasonData='{"a":1}')
    set_alarm = alarm(cloudwatch)
    cloud.services.clock.advance(MINUTE)
    assert (set_alarm["StateValue"], set_alarm["StateReason"], set_alarm["StateReasonData"]) == (
        "ALARM",
        "a drill",
        '{"a":1}',
    )
    assert [change["state"]["value"] for change in changes(cloud)] == ["OK", "ALARM", "OK"]
    assert history(cloudwatch, HistoryItemType="StateUpdate")[:2] == [
        ("StateUpdate", "Alarm updated from ALARM to OK"),
        ("StateUpdate", "Alarm updated from OK to ALARM"),
    ]


def test_setting_the_state_it_has_changes_the_reason_alone(cloud, cloudwatch):
    """No transition, no event."""
    put_alarm(cloudwatch)
    cloud.services.clock.advance(MINUTE)
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="still")
    found = alarm(cloudwatch)
    assert (found["StateReason"], found["StateUpdatedTimestamp"], found["StateTransitionedTimestamp"]) == (
        "still",
        NOON + MINUTE,
        NOON + LAG,
    )
    assert len(changes(cloud)) == 1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"AlarmName": "gone", "StateValue": "OK"}, "ResourceNotFound"),
        ({"AlarmName": "errors", "StateValue": "RINGING"}, "ValidationError"),
        ({"AlarmName": "errors", "StateValue": "OK", "StateReasonData": "{"}, "InvalidFormat"),
    ],
)
def test_a_state_that_cannot_be_set_is_refused(cloudwatch, request_, code):
    """With CloudWatch's codes."""
    put_alarm(cloudwatch)
    with pytest.raises(ClientError) as caught:
        cloudwatch.set_alarm_state(StateReason="r", **request_)
    assert caught.value.response["Error"]["Code"] == code


def test_a_change_of_state_is_an_event(cloud, cloudwatch):
    """In the shape of "Alarm events and EventBridge"."""
    put_alarm(cloudwatch)
    put(cloudwatch, 2, at=NOON)
    cloud.services.clock.advance(MINUTE + LAG)
    first, second = changes(cloud)
    [metric] = second["configuration"]["metrics"]
    assert first["previousState"] == {
        "value": "INSUFFICIENT_DATA",
        "reason": INITIAL,
        "timestamp": "2026-03-01T12:00:00.000+0000",
    }
    assert second["alarmName"] == "errors"
    assert second["configuration"]["description"] == "too many"
    assert {name: metric[name] for name in ("returnData", "metricStat")} == {
        "returnData": True,
        "metricStat": {
            "metric": {"namespace": "App", "name": "errors", "dimensions": {"EndpointName": "e"}},
            "period": 60,
            "stat": "Sum",
        },
    }
    state = dict(second["state"])
    assert json.loads(state.pop("reasonData"))["recentDatapoints"] == [2.0]
    assert state == {
        "value": "ALARM",
        "reason": "Threshold Crossed: 1 out of the last 1 datapoints [2.0 (01/03/26 12:00:00)] was greater than "
        "or equal to the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
        "timestamp": "2026-03-01T12:01:10.000+0000",
    }
    assert second["previousState"]["value"] == "OK"


def test_making_changing_and_deleting_an_alarm_are_events(cloud, cloudwatch):
    """With the configuration, and the one before."""
    put_alarm(cloudwatch)
    put_alarm(cloudwatch, Threshold=2.0)
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    found = changes(cloud, kind="CloudWatch Alarm Configuration Change")
    assert [
        (
            change["operation"],
            change["configuration"]["threshold"],
            change.get("previousConfiguration", {}).get("threshold"),
        )
        for change in found
    ] == [("create", 1.0, None), ("update", 2.0, 1.0), ("delete", 2.0, None)]


def test_an_alarm_on_metric_math_shows_its_metrics_in_the_event(cloud, cloudwatch):
    """Expression and inputs, in lower camel case."""
    metric = {"Namespace": "App", "MetricName": "errors", "Dimensions": ALARM["Dimensions"]}
    queries = [
        {"Id": "e1", "Expression": "m1 * 2", "Label": "twice"},
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
    ]
    single = ("MetricName", "Namespace", "Dimensions", "Statistic", "Period")
    put_alarm(cloudwatch, Metrics=queries, **dict.fromkeys(single))
    put(cloudwatch, 1, at=NOON)
    cloud.services.clock.advance(MINUTE + LAG)
    expression, metric = changes(cloud)[-1]["configuration"]["metrics"]
    assert expression == {"id": "e1", "expression": "m1 * 2", "label": "twice", "returnData": True}
    assert (metric["id"], metric["returnData"], metric["metricStat"]["stat"]) == ("m1", False, "Sum")
    assert "datapoints [2.0 (01/03/26 12:00:00)]" in alarm(cloudwatch)["StateReason"]


def test_without_alarms_the_clock_has_nothing_to_do(cloud, cloudwatch):
    """The first alarm starts the evaluations, the last one ends them, and a later one starts them again."""
    put_alarm(cloudwatch)
    cloud.services.clock.advance(MINUTE)
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    cloud.services.clock.advance(10 * MINUTE)
    heard = []
    end = cloud.services.alarms.subscribe(lambda name, state: heard.append((name, state)))
    put_alarm(cloudwatch, AlarmName="again")
    cloud.services.clock.advance(MINUTE)
    end()
    cloudwatch.set_alarm_state(AlarmName="again", StateValue="ALARM", StateReason="r")
    assert heard == [("again", "OK")]
    assert cloud.services.alarms.state("errors") is None


def test_a_listener_that_fails_stops_no_evaluation(cloud, cloudwatch, caplog):
    """The other alarms go on, and so does this one; the cloud's log tells."""

    def fail(name, state):
        raise RuntimeError(f"{name} is {state}")

    cloud.services.alarms.subscribe(fail)
    for name in "ab":
        put_alarm(cloudwatch, AlarmName=name)
    put(cloudwatch, 1, at=NOON + MINUTE)
    cloud.services.clock.advance(3 * MINUTE)
    assert [cloud.services.alarms.state(name) for name in "ab"] == ["ALARM", "ALARM"]
    assert "the evaluation of the alarm a failed" in caplog.text


def test_an_alarm_on_a_queue_rings_when_something_lies_in_it(cloud, cloudwatch):
    """SQS's own metrics, each minute, of the queues that alarms watch; one that does not exist yet has none."""
    watched = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum"}
    for name in ("lost", "missing"):
        put_alarm(cloudwatch, AlarmName=name, Dimensions=[{"Name": "QueueName", "Value": name}], **watched)
    url = cloud.client("sqs").create_queue(QueueName="lost")["QueueUrl"]
    cloud.services.clock.advance(3 * MINUTE)
    empty = cloud.services.alarms.state("lost")
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="an event")
    cloud.services.clock.advance(3 * MINUTE)
    assert [empty, *map(cloud.services.alarms.state, ("lost", "missing"))] == ["OK", "ALARM", "OK"]
    cloudwatch.delete_alarms(AlarmNames=["lost", "missing"])
    cloud.services.clock.advance(timedelta(hours=4))
    assert cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
