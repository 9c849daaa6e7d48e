"""A schedule as its request gave it, and the turns that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.timetable import Once, Timetable, timetable

_AN_INSTANT: Final = timedelta(microseconds=1)
_SOON: Final = timedelta(seconds=1)
"""When a rate without a start date begins: at once, for a scheduler that is precise to a minute."""

_SHOWN: Final = ("Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State")


@dataclass(frozen=True)
class Schedule:
    """One schedule. `members` are those of GetSchedule."""

    members: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Group and name, by which it is known."""
        return f"{self.members['GroupName']}/{self.members['Name']}"

    @property
    def enabled(self) -> bool:
        """Whether its turns are taken."""
        return bool(self.members["State"] == "ENABLED")

    @property
    def window(self) -> timedelta:
        """How long after its turn the target may be called."""
        return timedelta(minutes=self.members["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0))

    def turns(self) -> Timetable:
        """When it comes due, between its start and its end. Raises ValueError for an expression that means nothing."""
        members = self.members
        start, end = members.get("StartDate"), members.get("EndDate")
        since = start or members["CreationDate"] + _SOON
        by = timetable(members["ScheduleExpression"], since=since, zone=ZoneInfo(members["ScheduleExpressionTimezone"]))
        # A schedule of one time ignores both dates ("One-time schedules").
        return by if isinstance(by, Once) else _Span(by, start, end)

    def listed(self) -> dict[str, Any]:
        """The members of ListSchedules."""
        return {**{name: self.members[name] for name in _SHOWN}, "Target": {"Arn": self.members["Target"]["Arn"]}}


@dataclass(frozen=True)
class _Span:
    by: Timetable
    start: datetime | None
    end: datetime | None

    def following(self, moment: datetime) -> datetime | None:
        earliest = max(moment, self.start - _AN_INSTANT) if self.start else moment
        turn = self.by.following(earliest)
        return turn if turn is None or self.end is None or turn <= self.end else None
