from datetime import timedelta
from types import SimpleNamespace

import pytest

from local.clock import Clock
from local.cloudwatch.metrics import Metric
from local.cloudwatch.queues import Queues

MINUTE = timedelta(minutes=1)


def test_a_minute_that_fails_is_followed_by_another():
    """Alarms on a queue do not go blind for good."""
    metric = Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", frozenset({("QueueName", "q")}))
    alarms = SimpleNamespace(listed=lambda: [SimpleNamespace(rule=SimpleNamespace(metrics=(metric,)))])
    sqs = SimpleNamespace(
        get_queue_url=lambda **_: {"QueueUrl": "u"},
        get_queue_attributes=lambda AttributeNames, **_: {"Attributes": dict.fromkeys(AttributeNames, "3")},
    )
    clock, recorded = Clock(speed=0), []

    def record(namespace, data):
        recorded.append((namespace, data[0]["Value"]))
        if len(recorded) == 1:
            raise OSError("the disk is full")

    queues = Queues(SimpleNamespace(clock=clock, client=lambda _: sqs), alarms, record)
    queues.wake()
    with pytest.raises(OSError, match="full"):
        clock.advance(MINUTE)
    clock.advance(MINUTE)
    assert recorded == [("AWS/SQS", 3.0)] * 2
