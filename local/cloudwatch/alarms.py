"""The alarms of the account: kept as they were put, with the state they are in."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from local.cloudwatch.evaluation import Rule
from local.errors import AwsError
from local.state import State as Kept
from local.state import Table

ACTIONS: Final = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
"""The member of an alarm that names the actions of a state."""


@dataclass(frozen=True)
class State:
    """OK, ALARM or INSUFFICIENT_DATA, since when and why, with JSON; `updated` is later where it was repeated."""

    value: str
    reason: str
    since: datetime
    updated: datetime
    data: str | None = None


@dataclass(frozen=True)
class Alarm:
    """One metric alarm, never changed in place.

    `settings` are the members of PutMetricAlarm, `rule` what they demand of the data.
    """

    name: str
    arn: str
    settings: Mapping[str, Any]
    rule: Rule
    configured: datetime
    state: State
    tags: dict[str, str] = field(default_factory=dict)

    def actions(self, state: str) -> Sequence[str]:
        """ARNs of what a state sets off; nothing while actions are switched off."""
        return self.settings.get(ACTIONS[state], ()) if self.settings["ActionsEnabled"] else ()

    def described(self) -> dict[str, Any]:
        """The members of DescribeAlarms."""
        return {
            **{member: [] for member in ACTIONS.values()},
            "Dimensions": [],
            **self.settings,
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.configured,
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateReasonData": self.state.data,
            "StateUpdatedTimestamp": self.state.updated,
            "StateTransitionedTimestamp": self.state.since,
        }


@dataclass(frozen=True)
class Change:
    """A change of an alarm's state, of which nobody has been told yet."""

    alarm: Alarm
    before: State
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


class Alarms:
    """All alarms by name, safe for many threads; and what of their changes has not been told."""

    def __init__(self, kept: Kept) -> None:
        self._alarms: Table[Alarm] = kept.table("cloudwatch.alarms")
        self._untold: Table[Change] = kept.table("cloudwatch.untold")
        self._together = kept.together
        self._lock = threading.Lock()

    def put(self, alarm: Alarm) -> tuple[Alarm, Alarm | None]:
        """Add an alarm; one of that name keeps its state and its tags. Gives the new one and the one before."""
        with self._lock:
            old = self._alarms.get(alarm.name)
            if old is not None:
                alarm = dataclasses.replace(alarm, state=old.state, tags=old.tags)
            self._alarms[alarm.name] = alarm
            return alarm, old

    def get(self, name: str) -> Alarm | None:
        """An alarm."""
        with self._lock:
            return self._alarms.get(name)

    def change_tags(self, arn: str, changed: Callable[[dict[str, str]], dict[str, str]]) -> dict[str, str]:
        """Give an alarm other tags, and the caller too. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            for alarm in self._alarms.values():
                if alarm.arn == arn:
                    tags = changed(alarm.tags)
                    if tags != alarm.tags:
                        self._alarms[alarm.name] = dataclasses.replace(alarm, tags=tags)
                    return tags
        raise AwsError("ResourceNotFoundException", f"The resource {arn} does not exist.", status=404)

    def move(self, name: str, state: State, *, judged: Rule | None = None) -> Change | None:
        """Put an alarm into a state. A change of its value is untold until `told`, also over a restart.

        None when there is no such alarm, or when it no longer has the rule by which it was judged.
        """
        with self._lock:
            alarm = self._alarms.get(name)
            if alarm is None or judged not in (None, alarm.rule):
                return None
            before = alarm.state
            repeated = before.value == state.value
            state = dataclasses.replace(state, since=before.since) if repeated else state
            change = Change(dataclasses.replace(alarm, state=state), before)
            with self._together():
                self._alarms[name] = change.alarm
                if not repeated:
                    self._untold[change.key] = change
            return change

    def untold(self) -> list[Change]:
        """The changes that nobody has been told of, in their order."""
        with self._lock:
            return list(self._untold.values())

    def told(self, change: Change) -> None:
        """Forget a change, all that follows from it being done or kept."""
        with self._lock:
            self._untold.pop(change.key, None)

    def switch_actions(self, names: Sequence[str], *, enabled: bool, now: datetime) -> list[tuple[Alarm, Alarm]]:
        """Switch actions on or off; names without an alarm are passed over, as AWS does. Gives new and old ones."""
        changed = []
        with self._lock:
            for alarm in [self._alarms[name] for name in names if name in self._alarms]:
                if alarm.settings["ActionsEnabled"] != enabled:
                    settings = {**alarm.settings, "ActionsEnabled": enabled}
                    switched = dataclasses.replace(alarm, settings=settings, configured=now)
                    self._alarms[alarm.name] = switched
                    changed.append((switched, alarm))
        return changed

    def delete(self, names: Sequence[str]) -> list[Alarm]:
        """Delete all of these or, with AwsError `ResourceNotFound`, none."""
        with self._lock:
            missing = [name for name in names if name not in self._alarms]
            if missing:
                raise AwsError("ResourceNotFound", f"Alarms not found: {', '.join(missing)}", status=404)
            return [self._alarms.pop(name) for name in dict.fromkeys(names)]

    def listed(self) -> list[Alarm]:
        """All alarms in the order of their names."""
        with self._lock:
            return [alarm for _, alarm in sorted(self._alarms.items())]
