"""AWS's cron expressions: six fields, minutes to years ("Cron-based schedules" in the EventBridge Scheduler guide)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2199
_ITEM: Final = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


@dataclass(frozen=True)
class Cron:
    """One expression. `days` and `weekdays` are the fields as written; one of the two is `?`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Cron:
        """The expression between the brackets of `cron(…)`. Raises ValueError saying what is wrong with it."""
        fields = text.upper().split()
        if len(fields) != 6:
            raise ValueError(f"{len(fields)} fields instead of six")
        minutes, hours, days, months, weekdays, years = fields
        if (days == "?") == (weekdays == "?"):
            raise ValueError("one of day-of-month and day-of-week must be ?, and only one")
        made = cls(
            minutes=tuple(sorted(_values(minutes, 0, 59))),
            hours=tuple(sorted(_values(hours, 0, 23))),
            days=days,
            months=frozenset(_values(months, 1, 12, names=_MONTHS)),
            weekdays=weekdays,
            years=frozenset(_values(years, _FIRST_YEAR, _LAST_YEAR)),
        )
        made.falls_on(date(2000, 1, 1))
        return made

    def times(self, start: date) -> Iterator[datetime]:
        """Every moment from a day on, naive, in order; it ends with the last year."""
        day = start
        while day.year <= max(self.years):
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = _first_of_next_month(day)
            else:
                if self.falls_on(day):
                    yield from (datetime.combine(day, time(h, m)) for h in self.hours for m in self.minutes)
                day += timedelta(days=1)

    def falls_on(self, day: date) -> bool:
        """Whether the fields for days allow one. Raises ValueError for a field that means nothing."""
        if self.weekdays == "?":
            return day.day in _days_of_month(self.days, day)
        return _weekday_fits(self.weekdays, day)


def _values(field: str, low: int, high: int, *, names: dict[str, int] | None = None) -> set[int]:
    """The numbers that a field without L, W and # means."""
    found: set[int] = set()
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"{item} is not a value, a range or an increment")
        first = low if match["first"] == "*" else _number(match["first"], low, high, names or {})
        open_end = match["first"] == "*" or match["step"] is not None
        last = _number(match["last"], low, high, names or {}) if match["last"] else high if open_end else first
        step = int(match["step"] or 1)
        if last < first or step < 1:
            raise ValueError(f"{item} is empty")
        found |= set(range(first, last + 1, step))
    return found


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    number = names.get(text, int(text) if text.isdecimal() else -1)
    if not low <= number <= high:
        raise ValueError(f"{text} is not between {low} and {high}")
    return number


def _days_of_month(field: str, day: date) -> set[int]:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return {last}
    if field.endswith("W"):
        wanted = last if field == "LW" else _number(field[:-1], 1, 31, {})
        return {_nearest_working_day(day.replace(day=wanted))} if wanted <= last else set()
    return _values(field, 1, 31)


def _nearest_working_day(day: date) -> int:
    last = calendar.monthrange(day.year, day.month)[1]
    if day.weekday() == calendar.SATURDAY:
        return day.day - 1 if day.day > 1 else day.day + 2
    if day.weekday() == calendar.SUNDAY:
        return day.day + 1 if day.day < last else day.day - 2
    return day.day


def _weekday_fits(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    if field == "L":
        return number == _DAYS["SAT"]
    if field.endswith("L"):
        in_last_week = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return number == _number(field[:-1], 1, 7, _DAYS) and in_last_week
    if "#" in field:
        weekday, _, nth = field.partition("#")
        wanted = _number(weekday, 1, 7, _DAYS), _number(nth, 1, 5, {})
        return wanted == (number, (day.day - 1) // 7 + 1)
    return number in _values(field, 1, 7, names=_DAYS)


def _first_of_next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
