"""CloudWatch as a part of the local cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.cloudwatch.alarm_operations import AlarmOperations
from local.cloudwatch.alarms import Alarms
from local.cloudwatch.metric_operations import MetricOperations
from local.cloudwatch.metrics import Metrics
from local.front import Family
from local.services import Services


class CloudWatch:
    """Metrics and the alarms on them."""

    def __init__(self, services: Services) -> None:
        self._metric_operations = MetricOperations(services.clock, Metrics())
        self._alarm_operations = AlarmOperations(services, Alarms())

    def families(self) -> list[Family]:
        """CloudWatch."""
        return [Family("cloudwatch", {**self._metric_operations.handlers(), **self._alarm_operations.handlers()})]

    def record(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Add data of an AWS service, in PutMetricData's shape; a Timestamp is now unless given."""
        self._metric_operations.record(namespace, data)

    def close(self) -> None:
        """Nothing runs behind the calls."""
