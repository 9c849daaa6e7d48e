"""Reads metrics out of a log while it grows, as SageMaker does for training jobs.

Developer Guide, "Monitor and Analyze Training Jobs Using Amazon CloudWatch Metrics": the values of a metric are what
the first group of its regular expression matches in the lines of the log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from local.errors import ValidationError

_LINE_CHARACTERS: Final = 2_000
"""Where a line is looked for values: patterns that begin with `.*` take the square of its length, all else waiting."""

Datum = dict[str, Any]
"""MetricName, Value and Timestamp, as DescribeTrainingJob and PutMetricData both have them."""


def require_patterns(definitions: Sequence[Mapping[str, str]]) -> None:
    """Refuse metric definitions without a group to take a value from, as well as those that are no pattern."""
    for definition in definitions:
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as error:
            raise ValidationError(f"The Regex of metric {definition['Name']} is not valid: {error}.") from error
        if not groups:
            raise ValidationError(f"The Regex of metric {definition['Name']} has no group (...) around the value.")


class Scraper:
    """The metrics of one job, by default none: `tell` is given every value, the last ones are kept."""

    def __init__(
        self,
        definitions: Sequence[Mapping[str, str]] = (),
        *,
        now: Callable[[], datetime] = datetime.now,
        tell: Callable[[Sequence[Datum]], None] = lambda _: None,
    ) -> None:
        self._patterns = [(definition["Name"], re.compile(definition["Regex"])) for definition in definitions]
        self._now, self._tell = now, tell
        self._last: dict[str, Datum] = {}
        self._values_of: dict[str, list[float]] = {}

    def read(self, lines: Sequence[str]) -> None:
        """Take the values of new lines. What is no finite number is passed over, as CloudWatch would refuse it."""
        values = list(self._values(lines)) if self._patterns else []
        if not values:
            return
        now = self._now()
        data: list[Datum] = [{"MetricName": name, "Value": value, "Timestamp": now} for name, value in values]
        self._last |= {datum["MetricName"]: datum for datum in data}
        for name, value in values:
            self._values_of.setdefault(name, []).append(value)
        self._tell(data)

    def history(self, name: str) -> list[float]:
        """Every value of one metric so far, in order."""
        return list(self._values_of.get(name, ()))

    def final(self) -> list[Datum]:
        """FinalMetricDataList: the last value of each metric, in the order of the definitions."""
        return [self._last[name] for name in dict.fromkeys(name for name, _ in self._patterns) if name in self._last]

    def _values(self, lines: Sequence[str]) -> Iterator[tuple[str, float]]:
        for line in lines:
            for name, pattern in self._patterns:
                for found in pattern.finditer(line[:_LINE_CHARACTERS]):
                    value = _number(found[1])
                    if value is not None:
                        yield name, value


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
