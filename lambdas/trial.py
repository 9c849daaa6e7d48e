"""A new fleet in a bake: what it has seen, and whether it may pass untested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.bake import Bake
from lambdas.minutes import Minutes
from lambdas.records import Opened
from lambdas.sample import Row

_LAST_TICK = timedelta(seconds=75)
"""A bake is judged when it ends within this time: a tick comes every minute, and one may be late."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Whether a model's new fleet is probed, and the requests per minute below which its alarms do not judge it."""

    enabled: bool
    minimum_invocations: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A new fleet in a bake: of which release, what it has seen so far, and what it can be probed with.

    `hindrance` says why there are no rows, empty where there are some.
    """

    release: Opened
    bake: Bake
    seen: Minutes
    rows: tuple[Row, ...]
    hindrance: str
    now: datetime


def untested(trial: Trial, *, minimum: int) -> str | None:
    """Why a new fleet must not pass the bake that ends now; None when it may, or when there is time left.

    A minute with fewer than `minimum` requests is judged by no alarm.
    """
    ends = trial.bake.ends
    if ends is None or ends - trial.now > _LAST_TICK:
        return None
    if max(trial.seen.fleet, default=0) >= minimum:
        return None
    reached = f"untested: {sum(trial.seen.fleet):.0f} requests reached the new fleet, never {minimum} in a minute"
    return f"{reached}; {trial.hindrance}" if trial.hindrance else reached
