"""The alarms of the account: kept as they were put, with the state they are in."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from local.errors import AwsError

Result = TypeVar("Result")


@dataclass(frozen=True)
class State:
    """OK, ALARM or INSUFFICIENT_DATA, since when and why."""

    value: str
    reason: str
    since: datetime
    data: str | None = None


@dataclass
class Alarm:
    """One metric alarm. `settings` are the members of PutMetricAlarm."""

    name: str
    arn: str
    settings: Mapping[str, Any]
    configured: datetime
    state: State
    tags: dict[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """The members of DescribeAlarms."""
        return {
            "OKActions": [],
            "AlarmActions": [],
            "InsufficientDataActions": [],
            "Dimensions": [],
            **self.settings,
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.configured,
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateReasonData": self.state.data,
            "StateUpdatedTimestamp": self.state.since,
            "StateTransitionedTimestamp": self.state.since,
        }


class Alarms:
    """All alarms by name, safe for many threads."""

    def __init__(self) -> None:
        self._alarms: dict[str, Alarm] = {}
        self._lock = threading.Lock()

    def put(self, alarm: Alarm) -> None:
        """Add an alarm; one of that name keeps its state and its tags."""
        with self._lock:
            old = self._alarms.get(alarm.name)
            if old is not None:
                alarm = dataclasses.replace(alarm, state=old.state, tags=old.tags)
            self._alarms[alarm.name] = alarm

    def use(self, arn: str, user: Callable[[Alarm], Result]) -> Result:
        """What `user` makes of an alarm, which it may change. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            for alarm in self._alarms.values():
                if alarm.arn == arn:
                    return user(alarm)
        raise AwsError("ResourceNotFoundException", f"The resource {arn} does not exist.", status=404)

    def use_named(self, names: Sequence[str], user: Callable[[Alarm], None]) -> None:
        """Let `user` change the alarms of these names; names without an alarm are passed over, as AWS does."""
        with self._lock:
            for name in names:
                if name in self._alarms:
                    user(self._alarms[name])

    def delete(self, names: Sequence[str]) -> None:
        """Delete all of these or, with AwsError `ResourceNotFound`, none."""
        with self._lock:
            missing = [name for name in names if name not in self._alarms]
            if missing:
                raise AwsError("ResourceNotFound", f"Alarms not found: {', '.join(missing)}", status=404)
            for name in names:
                self._alarms.pop(name, None)

    def listed(self) -> list[Alarm]:
        """Copies of all alarms in the order of their names."""
        with self._lock:
            return [dataclasses.replace(alarm) for _, alarm in sorted(self._alarms.items())]
