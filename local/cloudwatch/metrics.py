"""Metric values in one-minute buckets, of bounded size however many values arrive."""

from __future__ import annotations

import collections
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

MINUTE_SECONDS: Final = 60
_KEPT: Final = timedelta(days=15)
"""How long one-minute data points are kept ("Metrics retention")."""
_DISTINCT_VALUES: Final = 1000
_DIGITS: Final = 3


@dataclass(frozen=True)
class Metric:
    """A metric's identity: exactly these dimensions, in no order."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, members: Mapping[str, Any], *, namespace: str | None = None) -> Self:
        """The metric that a request's Namespace, MetricName and Dimensions name."""
        pairs = frozenset((d["Name"], d["Value"]) for d in members.get("Dimensions", ()))
        return cls(namespace or members["Namespace"], members["MetricName"], pairs)

    def described(self) -> dict[str, Any]:
        """The members of ListMetrics."""
        dimensions = [{"Name": name, "Value": value} for name, value in sorted(self.dimensions)]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


@dataclass
class Bucket:
    """What arrived in a stretch of time. `values` counts each value, rounded to three digits once they are many."""

    count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    values: collections.Counter[float] = field(default_factory=collections.Counter)

    def add(self, value: float, count: float) -> None:
        """Add a value that was seen `count` times."""
        self.merge(count=count, total=value * count, minimum=value, maximum=value)
        coarse = len(self.values) >= _DISTINCT_VALUES and value not in self.values
        self.values[_rounded(value) if coarse else value] += count  # type: ignore[assignment]

    def merge(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a statistic set, of which single values are not known."""
        self.count += count
        self.total += total
        self.minimum, self.maximum = min(self.minimum, minimum), max(self.maximum, maximum)

    def absorb(self, other: Bucket) -> None:
        """Add all of another bucket."""
        self.merge(count=other.count, total=other.total, minimum=other.minimum, maximum=other.maximum)
        self.values.update(other.values)

    def statistic(self, name: str) -> float:
        """Sum, Average, Minimum, Maximum or SampleCount. Raises KeyError for another."""
        return {
            "Sum": self.total,
            "Average": self.total / self.count,
            "Minimum": self.minimum,
            "Maximum": self.maximum,
            "SampleCount": self.count,
        }[name]


@dataclass(frozen=True)
class Datapoint:
    """One period of one unit of a metric; `start` is the period's first instant."""

    start: datetime
    unit: str
    bucket: Bucket


class Metrics:
    """All metrics, safe for many threads."""

    def __init__(self) -> None:
        self._series: dict[Metric, dict[tuple[int, str], Bucket]] = {}
        self._latest: dict[Metric, datetime] = {}
        self._lock = threading.Lock()

    def put(self, metric: Metric, datum: Mapping[str, Any], *, at: datetime) -> None:
        """Add one datum in PutMetricData's shape: Value, Values with Counts, or StatisticValues."""
        minute = int(at.timestamp()) // MINUTE_SECONDS
        with self._lock:
            series = self._series.setdefault(metric, {})
            if (minute, datum.get("Unit", "None")) not in series:
                _forget_old(series, before=minute - int(_KEPT.total_seconds()) // MINUTE_SECONDS)
            _fill(series.setdefault((minute, datum.get("Unit", "None")), Bucket()), datum)
            self._latest[metric] = max(at, self._latest.get(metric, at))

    def datapoints(
        self, metric: Metric, *, start: datetime, end: datetime, period_seconds: int, unit: str | None = None
    ) -> list[Datapoint]:
        """Data points by time, one per unit and period; periods are aligned to multiples of their length."""
        first, last = int(start.timestamp()) // period_seconds, math.ceil(end.timestamp() / period_seconds)
        found: dict[tuple[int, str], Bucket] = {}
        with self._lock:
            for (minute, has), bucket in self._series.get(metric, {}).items():
                number = minute * MINUTE_SECONDS // period_seconds
                if first <= number < last and unit in (None, has):
                    found.setdefault((number, has), Bucket()).absorb(bucket)
        zone = start.tzinfo
        return [
            Datapoint(datetime.fromtimestamp(number * period_seconds, zone), has, bucket)
            for (number, has), bucket in sorted(found.items(), key=lambda item: item[0])
        ]

    def listed(self, *, since: datetime | None = None) -> list[Metric]:
        """Every metric in order, optionally of those alone that got a value since."""
        with self._lock:
            found = [metric for metric, at in self._latest.items() if since is None or at >= since]
        return sorted(found, key=lambda metric: (metric.namespace, metric.name, sorted(metric.dimensions)))


def _fill(bucket: Bucket, datum: Mapping[str, Any]) -> None:
    if sets := datum.get("StatisticValues"):
        bucket.merge(count=sets["SampleCount"], total=sets["Sum"], minimum=sets["Minimum"], maximum=sets["Maximum"])
        return
    values: Sequence[float] = datum.get("Values") or [datum["Value"]]
    counts: Sequence[float] = datum.get("Counts") or [1.0] * len(values)
    for value, count in zip(values, counts, strict=True):
        bucket.add(value, count)


def _forget_old(series: dict[tuple[int, str], Bucket], *, before: int) -> None:
    for key in [key for key in series if key[0] < before]:
        del series[key]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
