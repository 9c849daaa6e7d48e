"""CloudWatch as a part of the local cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.cloudwatch.alarm_operations import AlarmOperations
from local.cloudwatch.alarms import Alarm, Alarms
from local.cloudwatch.dashboards import Dashboards
from local.cloudwatch.data_operations import DataOperations
from local.cloudwatch.evaluations import Evaluations
from local.cloudwatch.history import History
from local.cloudwatch.history_operations import HistoryOperations
from local.cloudwatch.kept import KeptMetrics
from local.cloudwatch.metric_operations import MetricOperations
from local.cloudwatch.metrics import Metrics
from local.cloudwatch.queues import Queues
from local.cloudwatch.transitions import Transitions
from local.front import Family
from local.services import Services


class CloudWatch:
    """Metrics and the alarms on them, whose states the other parts find in `services.alarms`."""

    def __init__(self, services: Services) -> None:
        metrics, history = Metrics(), History(services.state.table("cloudwatch.history"))
        self._alarms = Alarms(services.state)
        self._transitions = Transitions(services, self._alarms, history)
        self._evaluations = Evaluations(services.clock, self._alarms, metrics=metrics, transitions=self._transitions)
        self._metric_operations = MetricOperations(services.clock, metrics, KeptMetrics(services.state, metrics))
        self._queues = Queues(services, self._alarms, self.record)
        dashboards = Dashboards(services)
        operations = (
            self._metric_operations,
            DataOperations(metrics),
            AlarmOperations(services, self._alarms, transitions=self._transitions, wake=self._wake),
            HistoryOperations(history),
            dashboards,
        )
        self._handlers = {name: handler for each in operations for name, handler in each.handlers().items()}
        self._handlers |= dashboards.tagging(dict(self._handlers))
        services.alarms = self

    def families(self) -> list[Family]:
        """CloudWatch."""
        return [Family("cloudwatch", self._handlers)]

    def record(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Add data of an AWS service, in PutMetricData's shape; a Timestamp is now unless given."""
        self._metric_operations.record(namespace, data)

    def state(self, name: str) -> str | None:
        """OK, ALARM or INSUFFICIENT_DATA; None for a name that no alarm has."""
        alarm = self._alarms.get(name)
        return alarm.state.value if alarm else None

    def subscribe(self, heard: Callable[[str, str], None]) -> Callable[[], None]:
        """Call `heard(name, state)` at each change of a state, holding no lock; what is returned ends that."""
        return self._transitions.subscribe(heard)

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until no action of an alarm is left to do. False when time is up."""
        return self._transitions.resting(timeout_seconds)

    def resume(self) -> None:
        """Evaluate the alarms from now on, and do the actions that were not done."""
        for alarm in self._alarms.listed():
            self._wake(alarm)
        self._transitions.resume()

    def close(self) -> None:
        """Drop the actions that have not begun; the clock drops the evaluations."""
        self._transitions.close()

    def _wake(self, alarm: Alarm) -> None:
        self._evaluations.wake(short=alarm.rule.short)
        self._queues.wake()
