"""How often something recurs by the clock: the expressions that EventBridge Scheduler takes, and no others.

Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RATE = re.compile(r"rate\((?P<value>\d+) (?P<unit>minute|hour|day)(?P<many>s?)\)")
_CRON = re.compile(r"cron\((?P<fields>[^()]*)\)")
_ITEM = re.compile(r"(?P<first>\*|\w+)(-(?P<last>\w+))?(/(?P<step>\d+))?")

_UNIT_SECONDS: Mapping[str, int] = {"minute": 60, "hour": 3600, "day": 86_400}
_DAY_MINUTES = 1440

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

_FIELDS: Mapping[str, tuple[int, int, Sequence[str]]] = {
    "minutes": (0, 59, ()),
    "hours": (0, 23, ()),
    "day of month": (1, 31, ()),
    "month": (1, 12, _MONTHS),
    "day of week": (1, 7, _DAYS),
    "year": (1970, 2199, ()),
}
"""The fields of a cron expression with their least and largest value and the names of their values."""

_BY_NAME: Mapping[str, re.Pattern[str]] = {
    "day of month": re.compile(r"L(-\d+)?|LW|\d+W"),
    "day of week": re.compile(r"L|(\w+)L|(\w+)#[1-5]"),
}
"""What a field for days may say besides values, ranges and steps."""


def fault(expression: str) -> str | None:
    """What is wrong with an expression that shall recur, as the end of a sentence; None when nothing is."""
    if rate := _RATE.fullmatch(expression):
        return _fault_of_rate(int(rate["value"]), many=bool(rate["many"]))
    if cron := _CRON.fullmatch(expression):
        return _fault_of_cron(cron["fields"].upper().split())
    return "is neither rate(<value> <unit>) nor cron(<minutes> <hours> <day of month> <month> <day of week> <year>)"


def longest_pause_seconds(expression: str) -> int:
    """The longest time from one turn of a valid expression to the next; for cron, the largest it can be."""
    rate, cron = _RATE.fullmatch(expression), _CRON.fullmatch(expression)
    if rate:
        return int(rate["value"]) * _UNIT_SECONDS[rate["unit"]]
    if cron is None:
        raise ValueError(f"{expression!r} is no rate(…) or cron(…)")
    given = dict(zip(_FIELDS, cron["fields"].upper().split(), strict=True))
    minutes, hours = _values("minutes", given["minutes"]), _values("hours", given["hours"])
    every_day = {given["day of month"], given["day of week"]} <= {"*", "?"} and given["month"] == "*"
    turns = [hour * 60 + minute for hour in hours for minute in minutes]
    pauses = [later - turn for turn, later in itertools.pairwise([*turns, turns[0] + _DAY_MINUTES])]
    days = 1 if every_day else _most_days(given)
    return max(*pauses, (days - 1) * _DAY_MINUTES + pauses[-1], 1) * 60


def is_zone(name: str) -> bool:
    """Whether a name stands in the time zone database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _fault_of_rate(value: int, *, many: bool) -> str | None:
    if value == 0:
        return "never comes: the value of a rate is 1 or more"
    if many != (value > 1):
        return "has a unit of the wrong number: one is `minute`, several are `minutes`"
    return None


def _fault_of_cron(fields: Sequence[str]) -> str | None:
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} fields, and cron has six: {', '.join(_FIELDS)}"
    given = dict(zip(_FIELDS, fields, strict=True))
    if (given["day of month"] == "?") == (given["day of week"] == "?"):
        return "needs ? as day of month or as day of week, and not as both"
    wrong = [f"{name} {text}" for name, text in given.items() if not _means_something(name, text)]
    return f"has no meaning for {', '.join(wrong)}" if wrong else None


def _means_something(name: str, text: str) -> bool:
    if name in _BY_NAME and (text == "?" or _BY_NAME[name].fullmatch(text)):
        return True
    return all(_is_item(name, item) for item in text.split(","))


def _values(name: str, text: str) -> list[int]:
    """The numbers that a field of minutes or hours stands for, in their order."""
    least, largest, _ = _FIELDS[name]
    found: set[int] = set()
    for match in filter(None, map(_ITEM.fullmatch, text.split(","))):
        first = least if match["first"] == "*" else int(match["first"])
        last = largest if match["first"] == "*" or (match["step"] and not match["last"]) else first
        found |= set(range(first, int(match["last"] or last) + 1, int(match["step"] or 1)))
    return sorted(found)


def _most_days(given: Mapping[str, str]) -> int:
    """The most days between two turns of an expression that names some days alone."""
    weekly = given["day of month"] == "?" and given["month"] == "*" and not set("L#") & set(given["day of week"])
    if weekly:
        return 7 if given["day of week"].isalnum() else 6
    return 31 if given["month"] == "*" else 366


def _is_item(name: str, item: str) -> bool:
    match = _ITEM.fullmatch(item)
    if match is None or (match["first"] == "*" and match["last"]):
        return False
    least, largest, names = _FIELDS[name]
    ends = [text for text in (match["first"], match["last"]) if text not in ("*", None)]
    return all(text in names or (text.isdecimal() and least <= int(text) <= largest) for text in ends)
