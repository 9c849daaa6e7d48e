"""When alarms are evaluated: each minute of the cloud's clock, those of high resolution every ten seconds."""

from __future__ import annotations

import json
import logging
import math
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from local.clock import Clock
from local.cloudwatch.alarms import Alarm, Alarms, State
from local.cloudwatch.evaluation import evaluate
from local.cloudwatch.metrics import Metrics
from local.cloudwatch.transitions import Transitions

LAG_SECONDS: Final = 10
"""Evaluation runs this long after a minute has closed, and counts what was recorded until then.

The endpoints of this cloud hand their data over within a second; on AWS it takes longer: notifications that were
published show lags of 17 to 95 seconds.
"""
_SHORT_LAG_SECONDS: Final = 5
_CATCH_UP: Final = 10
_log = logging.getLogger(__name__)


@dataclass
class _Beat:
    """Every `step_seconds` of the epoch, `lag_seconds` later; `due` is the next one that is awaited."""

    step_seconds: int
    lag_seconds: int
    due: datetime | None = None

    def next_after(self, moment: datetime) -> datetime:
        """The first beat later than a moment."""
        beats = math.floor((moment.timestamp() - self.lag_seconds) / self.step_seconds) + 1
        return datetime.fromtimestamp(beats * self.step_seconds + self.lag_seconds, UTC)

    def following(self, moment: datetime, *, now: datetime) -> datetime:
        """The beat after a moment; those of long ago are left out when the process could not keep up with the clock."""
        step = timedelta(seconds=self.step_seconds)
        return max(moment + step, self.next_after(now - _CATCH_UP * step))


class Evaluations:
    """Evaluates while there are alarms, in the order of their names; without alarms the clock has nothing to do."""

    def __init__(self, clock: Clock, alarms: Alarms, *, metrics: Metrics, transitions: Transitions) -> None:
        self._clock, self._alarms, self._metrics, self._transitions = clock, alarms, metrics, transitions
        self._beats = {
            False: _Beat(step_seconds=60, lag_seconds=LAG_SECONDS),
            True: _Beat(step_seconds=10, lag_seconds=_SHORT_LAG_SECONDS),
        }
        self._lock = threading.Lock()

    def wake(self, *, short: bool) -> None:
        """See that alarms of short or of long periods are evaluated from now on."""
        beat = self._beats[short]
        with self._lock:
            if beat.due is None:
                self._await(beat.next_after(self._clock.now()), short=short)

    def _await(self, due: datetime, *, short: bool) -> None:
        self._beats[short].due = due
        self._clock.after(max(timedelta(), due - self._clock.now()), lambda: self._run(short=short))

    def _run(self, *, short: bool) -> None:
        beat = self._beats[short]
        moment = beat.due or self._clock.now()
        for alarm in self._concerned(short=short):
            self._evaluate(alarm, moment)
        with self._lock:
            beat.due = None
            if self._concerned(short=short):
                # A beat that is due already comes after whatever else the clock has to do until now, such as the
                # data of its minute.
                self._await(beat.following(moment, now=self._clock.now()), short=short)

    def _concerned(self, *, short: bool) -> list[Alarm]:
        return [alarm for alarm in self._alarms.listed() if alarm.rule.short == short]

    def _evaluate(self, alarm: Alarm, moment: datetime) -> None:
        try:
            verdict = evaluate(alarm.rule, self._metrics.readings, now=moment, state=alarm.state.value)
            if verdict is not None:
                now, data = self._clock.now(), json.dumps(verdict.data, separators=(",", ":"))
                state = State(verdict.state, verdict.reason, since=now, updated=now, data=data)
                self._transitions.move(alarm.name, state, judged=alarm.rule)
        except Exception:  # noqa: BLE001 - one alarm, or who listens to it, must not keep the others from being evaluated
            _log.exception("the evaluation of the alarm %s failed", alarm.name)
