"""What follows when an alarm changes: history, an event, actions, and whoever listens."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Final

from local.cloudwatch import shapes
from local.cloudwatch.actions import Actions
from local.cloudwatch.alarms import Alarm, Alarms, Change, State
from local.cloudwatch.evaluation import Rule
from local.cloudwatch.history import CONFIGURATION, STATE, History, Item
from local.services import Services

Heard = Callable[[str, str], None]

_SOURCE: Final = "aws.cloudwatch"
_PASTS: Final = {"Create": "created", "Update": "updated", "Delete": "deleted"}


class Transitions:
    """Moves alarms from state to state and tells of it."""

    def __init__(self, services: Services, alarms: Alarms, history: History) -> None:
        self._services, self._alarms, self._history = services, alarms, history
        self._actions = Actions(services, history)
        self._listeners: dict[int, Heard] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def move(self, name: str, state: State, *, judged: Rule | None = None) -> bool:
        """Put an alarm into a state and do what follows from a change; False when there is no such alarm any more."""
        change = self._alarms.move(name, state, judged=judged)
        if change is None:
            return False
        if change.before.value != state.value:
            self._tell(change)
        return True

    def configured(self, alarm: Alarm, kind: str, *, before: Alarm | None = None) -> None:
        """Tell that an alarm was made, changed or deleted: `kind` is Create, Update or Delete."""
        self._record(
            alarm, CONFIGURATION, f'Alarm "{alarm.name}" {_PASTS[kind]}', shapes.configuration_update(alarm, kind)
        )
        detail = shapes.configuration_change(alarm, kind.lower(), before=before)
        self._services.emit(_SOURCE, "CloudWatch Alarm Configuration Change", detail, resources=[alarm.arn])

    def resume(self) -> None:
        """Tell what the process before did not, and do its actions: some for the second time."""
        self._actions.resume()
        for change in self._alarms.untold():
            self._tell(change)

    def subscribe(self, heard: Heard) -> Callable[[], None]:
        """Call `heard(name, state)` at each change of a state, holding no lock; what is returned ends that."""
        with self._lock:
            number = next(self._numbers)
            self._listeners[number] = heard

        def end() -> None:
            with self._lock:
                self._listeners.pop(number, None)

        return end

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until no action is left to do. False when time is up."""
        return self._actions.resting(timeout_seconds)

    def close(self) -> None:
        """Drop the actions that have not begun."""
        self._actions.close()

    def _tell(self, change: Change) -> None:
        alarm, before = change.alarm, change.before
        summary = f"Alarm updated from {before.value} to {alarm.state.value}"
        self._record(alarm, STATE, summary, shapes.state_update(alarm, before))
        detail = shapes.state_change(alarm, before)
        self._services.emit(_SOURCE, "CloudWatch Alarm State Change", detail, resources=[alarm.arn])
        for arn in alarm.actions(alarm.state.value):
            self._actions.submit(arn, alarm, before)
        self._alarms.told(change)
        with self._lock:
            listeners = list(self._listeners.values())
        for heard in listeners:
            heard(alarm.name, alarm.state.value)

    def _record(self, alarm: Alarm, kind: str, summary: str, data: shapes.Document) -> None:
        now = self._services.clock.now()
        self._history.add(Item.of(alarm.name, at=now, kind=kind, summary=summary, data=data))
