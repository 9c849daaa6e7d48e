"""How full the queues are that alarms watch: SQS itself is moto's, which tells CloudWatch nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from local.cloudwatch.alarms import Alarms
from local.services import Services

_NAMESPACE: Final = "AWS/SQS"
_EVERY: Final = timedelta(minutes=1)
_METRICS: Final = {
    "ApproximateNumberOfMessages": "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}
"""Metrics by the attribute of a queue ("Available CloudWatch metrics for Amazon SQS")."""

Record = Callable[[str, Sequence[Mapping[str, Any]]], None]


class Queues:
    """Records them each minute, as long as an alarm watches one."""

    def __init__(self, services: Services, alarms: Alarms, record: Record) -> None:
        self._services, self._alarms, self._record = services, alarms, record
        self._awake = False
        self._lock = threading.Lock()

    def wake(self) -> None:
        """See that the queues are looked at from now on, if an alarm watches one."""
        with self._lock:
            if not self._awake and self._watched():
                self._awake = True
                self._services.clock.after(_EVERY, self._measure)

    def _measure(self) -> None:
        try:
            for name in sorted(self._watched()):
                self._record(_NAMESPACE, self._data(name))
        finally:  # the clock logs what went wrong; the next minute is another one
            with self._lock:
                self._awake = False
            self.wake()

    def _watched(self) -> set[str]:
        metrics = [metric for alarm in self._alarms.listed() for metric in alarm.rule.metrics]
        dimensions = [dict(metric.dimensions) for metric in metrics if metric.namespace == _NAMESPACE]
        return {named["QueueName"] for named in dimensions if "QueueName" in named}

    def _data(self, name: str) -> list[dict[str, Any]]:
        sqs = self._services.client("sqs")
        try:
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_METRICS))["Attributes"]
        except ClientError:
            # There is no such queue (any more): nobody measures it on AWS either.
            return []
        dimensions = [{"Name": "QueueName", "Value": name}]
        return [
            {"MetricName": metric, "Value": float(found[attribute]), "Unit": "Count", "Dimensions": dimensions}
            for attribute, metric in _METRICS.items()
        ]
