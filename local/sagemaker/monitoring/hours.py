"""When a monitoring schedule runs, and what time of captured data a run looks at.

API reference, "ScheduleConfig" and "EndpointInput".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from local.errors import ValidationError

NOW: Final = "NOW"
_HOURS: Final = r"([01]?\d|2[0-3])"
_CRON: Final = re.compile(rf"cron\(0 (\*|{_HOURS}(/(?P<every>[01]?\d|2[0-4]))?) \? \* \* \*\)")
_OFFSET: Final = re.compile(r"(?P<sign>-?)P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Span:
    """From a time on, up to another."""

    start: datetime
    end: datetime

    def hours(self) -> Iterator[datetime]:
        """The hours of UTC that it touches."""
        hour = self.start.replace(minute=0, second=0, microsecond=0)
        while hour < self.end:
            yield hour
            hour += _HOUR


def check(schedule: Mapping[str, Any]) -> None:
    """Raise ValidationError for a ScheduleConfig that is none."""
    expression = schedule.get("ScheduleExpression")
    if expression is None:
        return
    bounds = [schedule.get(f"DataAnalysis{end}Time") for end in ("Start", "End")]
    if expression == NOW:
        if None in bounds:
            raise ValidationError(
                "DataAnalysisStartTime and DataAnalysisEndTime must be provided for the schedule NOW."
            )
    elif not _CRON.fullmatch(expression):
        raise ValidationError(
            f"ScheduleExpression {expression} is not supported: it must be NOW, cron(0 * ? * * *), "
            "cron(0 [00-23] ? * * *) or cron(0 [00-23]/[01-24] ? * * *)."
        )
    start, end = (offset(text) if text else None for text in bounds)
    if start is not None and end is not None and start >= end:
        raise ValidationError("DataAnalysisStartTime must be before DataAnalysisEndTime.")


def offset(text: str) -> timedelta:
    """A duration such as `-PT1H` or `-P1D`. Raises ValidationError for another text."""
    found = _OFFSET.fullmatch(text)
    if found is None or not any(found[part] for part in ("days", "hours", "minutes")):
        raise ValidationError(f"{text} is not a duration such as -PT1H or -P1D.")
    parts = {part: int(found[part] or 0) for part in ("days", "hours", "minutes")}
    return timedelta(**parts) * (-1 if found["sign"] else 1)


def span(schedule: Mapping[str, Any], endpoint: Mapping[str, Any], *, turn: datetime) -> Span:
    """What the run of a turn looks at: the time since the turn before, unless bounds or offsets say otherwise.

    `schedule` is the ScheduleConfig, `endpoint` the EndpointInput.
    """
    start = schedule.get("DataAnalysisStartTime") or endpoint.get("StartTimeOffset")
    end = schedule.get("DataAnalysisEndTime") or endpoint.get("EndTimeOffset")
    begins = turn + offset(start) if start else turn - _period(schedule["ScheduleExpression"])
    return Span(begins, turn + offset(end) if end else turn)


def _period(expression: str) -> timedelta:
    found = _CRON.fullmatch(expression)
    if found is None or expression.startswith("cron(0 * "):
        return _HOUR
    return int(found["every"] or 24) * _HOUR
