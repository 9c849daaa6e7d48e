"""One deployment under way: fleets resized, traffic shifted, bakes watched, and the way back.

Bakes are the cloud's time; starting and ending processes is the machine's, and MaximumExecutionTimeoutInSeconds counts
both, each in its own seconds. What needs no process happens on the thread that lets the time pass, so that a stepped
clock is at the next bake when `advance` returns. After a rollback by alarm the endpoint has no FailureReason and was
never RollingBack: SageMaker promises neither, and what relies on them must fail here too.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local.sagemaker.context import Context
from local.sagemaker.errors import Unhealthy
from local.sagemaker.hosting.board import LAUNCHING, TERMINATING, Board
from local.sagemaker.hosting.fleet import Fleet
from local.sagemaker.hosting.instance import START_FAILED
from local.sagemaker.hosting.plan import Counts, Step, plan, way_back
from local.sagemaker.hosting.routes import Active, Routes

_NOT_READY = "The instances of the previous endpoint configuration do not serve: the rollback has failed."


class Outcome(enum.Enum):
    """How a deployment ended."""

    DEPLOYED = enum.auto()
    ROLLED_BACK = enum.auto()
    ROLLBACK_FAILED = enum.auto()
    """The old fleet holds what is left of both, and serves with it."""


@dataclass(frozen=True)
class Change:
    """What is to be done: from the old fleet to `counts` instances of the new one, as `deployment` says."""

    endpoint: str
    blue: Fleet
    green: Fleet
    counts: Counts
    deployment: Mapping[str, Any]

    @property
    def alarms(self) -> frozenset[str]:
        """The names of the alarms that take the deployment back."""
        listed = self.deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        return frozenset(alarm["AlarmName"] for alarm in listed)

    @property
    def limit_seconds(self) -> float:
        """MaximumExecutionTimeoutInSeconds."""
        policy = self.deployment.get("RollingUpdatePolicy") or self.deployment.get("BlueGreenUpdatePolicy") or {}
        return float(policy.get("MaximumExecutionTimeoutInSeconds", "inf"))


class Rollout:
    """Runs a change; `concluded` is told its outcome, and a reason where there is more to say than "an alarm rang"."""

    def __init__(
        self,
        context: Context,
        change: Change,
        *,
        routes: Routes,
        board: Board,
        concluded: Callable[[Outcome, str], None],
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._services, self._workers = context.services.clock, context.services, context.workers
        self._change, self._routes, self._board = change, routes, board
        self._concluded, self._wall = concluded, wall
        self._blue_counts = change.blue.counts()
        self._steps = plan(change.deployment, blue=self._blue_counts, green=change.counts)
        self._at: Step | None = None
        self._bake_number = 0
        self._baking = self._over = False
        self._spent_seconds = 0.0
        self._forget_alarms: Callable[[], None] = lambda: None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._forget_alarms = self._services.alarms.subscribe(self._heard)
        self._on_a_thread(lambda: self._prepare(0))

    def _prepare(self, number: int) -> None:
        began = self._wall()
        try:
            self._resize(self._steps[number], patience_seconds=self._left_seconds())
        except START_FAILED as error:
            self._spend(self._wall() - began)
            self._go_back(self._out_of_time() or str(error))
            return
        self._spend(self._wall() - began)
        if self._out_of_time():
            self._go_back(self._out_of_time())
        else:
            self._shift(number)

    def _resize(self, step: Step, *, patience_seconds: float) -> None:
        """Have the instances of a step: those of the old fleet that it has no more go, new ones come."""
        self._shrink_blue({name: capacity.blue for name, capacity in step.variants.items()})
        wanted = {name: capacity.green for name, capacity in step.variants.items()}
        missing = _missing(self._change.green.counts(), wanted)
        if any(missing.values()):
            if self._at is not None:  # of the first ones the request itself has told
                self._board.green("Creating", LAUNCHING, current=_green_active(self._at), shown=missing)
            self._change.green.launch(wanted, patience_seconds=patience_seconds)

    def _shrink_blue(self, wanted: Counts) -> None:
        excess = _missing(wanted, self._change.blue.counts())
        if any(excess.values()):
            self._board.blue("Deleting", TERMINATING, current=wanted, shown=excess)
            self._change.blue.shrink(wanted)

    def _shift(self, number: int) -> None:
        with self._lock:
            step = self._steps[number]
            if self._at is None or self._at.variants != step.variants:
                self._route(step)
                self._board.activating(step)
            self._at = step
            self._bake(number)

    def _bake(self, number: int) -> None:
        seconds = self._steps[number].bake_seconds
        self._bake_number += 1
        this = self._bake_number
        if not seconds:
            self._proceed(number + 1)
            return
        self._baking = True
        self._board.baking(self._steps[number])
        left = self._left_seconds()
        if left < seconds:
            self._clock.after(timedelta(seconds=left), lambda: self._bake_out_of_time(this, left))
        else:
            self._clock.after(timedelta(seconds=seconds), lambda: self._bake_over(this, number))
        self._look_at_alarms()

    def _bake_over(self, this: int, number: int) -> None:
        with self._lock:
            if not self._baking or this != self._bake_number:
                return
            self._look_at_alarms()
            if not self._baking:
                return
            self._baking = False
            self._spend(self._steps[number].bake_seconds)
            self._proceed(number + 1)

    def _bake_out_of_time(self, this: int, seconds: float) -> None:
        with self._lock:
            if self._baking and this == self._bake_number:
                self._spend(seconds)
                self._go_back(self._out_of_time())

    def _proceed(self, number: int) -> None:
        if number == len(self._steps):
            self._over = True
            self._on_a_thread(self._finish)
        elif self._has_instances_of(self._steps[number]):
            self._shift(number)
        else:
            self._on_a_thread(lambda: self._prepare(number))

    def _finish(self) -> None:
        change = self._change
        self._routes.put(change.endpoint, Active(change.green, change.counts))
        left = change.blue.counts()
        self._board.blue("Deleting", TERMINATING, current=dict.fromkeys(left, 0), shown=left)
        change.blue.stop(drain=True)
        self._conclude(Outcome.DEPLOYED, "")

    def _heard(self, name: str, state: str) -> None:
        if state == "ALARM" and name in self._change.alarms:
            with self._lock:
                if self._baking:
                    self._go_back("")

    def _look_at_alarms(self) -> None:
        # One that rings already when a bake begins rings in it; a name without an alarm never rings.
        if any(self._services.alarms.state(name) == "ALARM" for name in sorted(self._change.alarms)):
            self._go_back("")

    def _go_back(self, reason: str) -> None:
        """Give the old fleet its traffic back, at once where its instances are there, and undo the rest."""
        with self._lock:
            if self._over:
                return
            self._over, self._baking = True, False
            back: tuple[Step, ...] = ()
            if self._at is not None:
                back = way_back(self._change.deployment, at=self._at, blue=self._blue_counts)
                if not any(_missing(self._change.blue.counts(), _blue(back[0])).values()):
                    self._route(back[0])
            self._on_a_thread(lambda: self._return(back, reason))

    def _return(self, steps: tuple[Step, ...], reason: str) -> None:
        change = self._change
        try:
            for step in steps:
                self._take_back(step)
            if steps and not change.blue.ready():
                raise Unhealthy(_NOT_READY)
        except START_FAILED as error:
            change.blue.adopt(change.green)
            self._routes.put(change.endpoint, Active(change.blue, change.blue.counts()))
            change.green.release()  # only now: until then requests were sent to them there
            self._conclude(Outcome.ROLLBACK_FAILED, str(error))
            return
        self._routes.put(change.endpoint, Active(change.blue, change.blue.counts()))
        left = change.green.counts()
        self._board.green("Deleting", TERMINATING, current=dict.fromkeys(change.counts, 0), shown=left)
        change.green.stop(drain=True)
        self._conclude(Outcome.ROLLED_BACK, reason)

    def _take_back(self, step: Step) -> None:
        wanted = {name: capacity.green for name, capacity in step.variants.items()}
        excess = _missing(wanted, self._change.green.counts())
        if any(excess.values()):
            self._board.green("Deleting", TERMINATING, current=_green_active(step), shown=excess)
            self._change.green.shrink(wanted)
        missing = _missing(self._change.blue.counts(), _blue(step))
        if any(missing.values()):
            self._board.blue("Creating", LAUNCHING, current=self._change.blue.counts(), shown=missing)
            self._change.blue.launch(_blue(step))
        self._route(step)

    def _conclude(self, outcome: Outcome, reason: str) -> None:
        self._forget_alarms()
        if not self._workers.closing:
            self._concluded(outcome, reason)

    def _route(self, step: Step) -> None:
        change = self._change
        blue_active = {name: capacity.blue_active for name, capacity in step.variants.items()}
        self._routes.put(change.endpoint, Active(change.green, _green_active(step)), Active(change.blue, blue_active))

    def _has_instances_of(self, step: Step) -> bool:
        green = {name: capacity.green for name, capacity in step.variants.items()}
        return green == self._change.green.counts() and _blue(step) == self._change.blue.counts()

    def _out_of_time(self) -> str:
        limit = self._change.limit_seconds
        if self._spent_seconds < limit:
            return ""
        return f"The deployment exceeded MaximumExecutionTimeoutInSeconds, {limit:g} seconds."

    def _left_seconds(self) -> float:
        # Sums of fractions may exceed the limit by a hair, and no socket waits for less than nothing.
        return max(0.0, self._change.limit_seconds - self._spent_seconds)

    def _spend(self, seconds: float) -> None:
        with self._lock:
            self._spent_seconds += seconds

    def _on_a_thread(self, work: Callable[[], None]) -> None:
        if not self._workers.closing:
            self._workers.start(f"update-{self._change.endpoint}", work)


def _missing(present: Counts, wanted: Counts) -> dict[str, int]:
    return {name: max(0, count - present[name]) for name, count in wanted.items()}


def _green_active(step: Step) -> dict[str, int]:
    return {name: capacity.green_active for name, capacity in step.variants.items()}


def _blue(step: Step) -> dict[str, int]:
    return {name: capacity.blue for name, capacity in step.variants.items()}
