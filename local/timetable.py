"""When something recurs on the cloud's clock: rate, cron and at expressions, and an alarm clock that rings by them."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from local.clock import Clock
from local.cron import Cron

_EXPRESSION: Final = re.compile(r"(?P<kind>rate|cron|at)\((?P<inside>[^()]*)\)")
_RATE: Final = re.compile(r"(?P<count>[1-9]\d*)\s+(?P<unit>minute|hour|day)s?")
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_UTC: Final = ZoneInfo("UTC")
_SHORTEST_WALL_GAP: Final = timedelta(milliseconds=100)
_AN_INSTANT: Final = timedelta(microseconds=1)


class Timetable(Protocol):
    """Says when the next turn is."""

    def following(self, moment: datetime) -> datetime | None:
        """The first turn after `moment`, UTC; None when there is none."""
        ...


@dataclass(frozen=True)
class Rate:
    """A turn every so often, counted from `since`, which is itself a turn."""

    every: timedelta
    since: datetime

    def following(self, moment: datetime) -> datetime:
        """The next multiple."""
        if moment < self.since:
            return self.since
        return self.since + self.every * ((moment - self.since) // self.every + 1)


@dataclass(frozen=True)
class Calendar:
    """The times of a cron expression in a time zone.

    A time that the spring skips is left out and one that the autumn repeats comes once ("Daylight savings time on
    EventBridge Scheduler").
    """

    cron: Cron
    zone: ZoneInfo = _UTC

    def following(self, moment: datetime) -> datetime | None:
        """The first time after `moment`."""
        for naive in self.cron.times(moment.astimezone(self.zone).date()):
            turn = naive.replace(tzinfo=self.zone).astimezone(UTC)
            skipped = turn.astimezone(self.zone).replace(tzinfo=None) != naive
            if turn > moment and not skipped:
                return turn
        return None


@dataclass(frozen=True)
class Once:
    """A single turn."""

    at: datetime

    def following(self, moment: datetime) -> datetime | None:
        """That turn, if it is still to come."""
        return self.at if moment < self.at else None


def timetable(expression: str, *, since: datetime, zone: ZoneInfo = _UTC) -> Timetable:
    """What a rate, cron or at expression means; rates count from `since`. Raises ValueError for any other text."""
    found = _EXPRESSION.fullmatch(expression.strip())
    if found is None:
        raise ValueError("it is neither rate(…), cron(…) nor at(…)")
    inside = found["inside"].strip()
    try:
        if found["kind"] == "cron":
            return Calendar(Cron.parse(inside), zone)
        if found["kind"] == "at":
            return Once(datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).astimezone(UTC))
        return _rate(inside, since)
    except OverflowError as error:
        raise ValueError("it is after the year 9999") from error


def _rate(inside: str, since: datetime) -> Rate:
    found = _RATE.fullmatch(inside)
    if found is None:
        raise ValueError("a rate is a positive number and minutes, hours or days")
    rate = Rate(int(found["count"]) * _UNITS[found["unit"]], since)
    rate.following(since + rate.every)  # the second turn must be a time as well
    return rate


class AlarmClock:
    """Calls `ring` with a name and the turn's moment, for each name by its timetable, on the clock's thread.

    Turns that come too fast for the machine are left out, so that an accelerated clock does not pile them up: a name
    rings at most ten times in a wall second, which spares every minute up to 600 simulated seconds per second.
    """

    def __init__(self, clock: Clock, ring: Callable[[str, datetime], None]) -> None:
        self._clock, self._ring = clock, ring
        self._settings: dict[str, tuple[int, Timetable]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def set(self, name: str, by: Timetable) -> None:
        """Ring for a name by a timetable from now on, and no longer by its last one."""
        with self._lock:
            number = next(self._numbers)
            self._settings[name] = (number, by)
        self._arm(name, number, by, after=self._clock.now())

    def drop(self, name: str) -> None:
        """Ring no more for a name."""
        with self._lock:
            self._settings.pop(name, None)

    def close(self) -> None:
        """Ring no more."""
        with self._lock:
            self._settings.clear()

    def _arm(self, name: str, number: int, by: Timetable, *, after: datetime) -> None:
        turn = by.following(after)
        if turn is not None:
            self._clock.after(turn - self._clock.now(), lambda: self._due(name, number, turn))

    def _due(self, name: str, number: int, turn: datetime) -> None:
        with self._lock:
            current = self._settings.get(name)
        if current is None or current[0] != number:
            return
        too_soon = _SHORTEST_WALL_GAP * self._clock.speed - _AN_INSTANT
        self._arm(name, number, current[1], after=max(turn, turn + too_soon, self._clock.now()))
        self._ring(name, turn)
