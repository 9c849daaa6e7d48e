"""Metrics and their values over time: minutes for fifteen days, seconds of high resolution for three hours."""

from __future__ import annotations

import math
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from local.cloudwatch.bucket import Bucket

MINUTE_SECONDS: Final = 60
KEPT_SECONDS: Final = 15 * 86_400
"""How long one-minute data points are kept ("Metrics retention"); AWS then keeps them coarser, this cloud does not."""
_FINE_SECONDS: Final = 3 * 3_600
"""How long the seconds of a high-resolution metric are kept."""
_SWEEP_SECONDS: Final = 3_600

Slots = dict[str, dict[int, Bucket]]
"""Buckets by unit and by the second of the epoch at which they begin."""


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


@dataclass(frozen=True)
class Window:
    """`count` periods of `period` seconds each, the first of which begins at `start`, in seconds of the epoch."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        """Where the last period ends."""
        return self.start + self.period * self.count


@dataclass(frozen=True)
class Statistic:
    """A statistic of a metric, of one unit's data alone if it is given (a MetricStat without its period)."""

    metric: Metric
    name: str
    unit: str | None = None


@dataclass(frozen=True)
class Reading:
    """A statistic's value in one period, and from how many samples it comes."""

    value: float
    samples: float


Lookup = Callable[[Statistic, Window], Sequence[Reading | None]]
"""Reads a statistic, one reading for each period of the window; None where there is no value."""


@dataclass(frozen=True)
class Datapoint:
    """One period of one unit of a metric; `start` is the period's first instant."""

    start: datetime
    unit: str
    bucket: Bucket


@dataclass(frozen=True)
class Piece:
    """What arrived of a metric in a stretch of time; `latest` is the moment of its newest datum of all."""

    metric: Metric
    minutes: Slots
    seconds: Slots
    latest: float


@dataclass
class _Series:
    """One metric. A datum is in `minutes` or, while it is young and of high resolution, in `seconds`: never in both."""

    minutes: Slots = field(default_factory=dict)
    seconds: Slots = field(default_factory=dict)
    latest: float = -math.inf

    def within(self, start: int, end: int) -> Iterator[tuple[int, str, Bucket]]:
        """Every bucket that begins at `start` or later and before `end`."""
        for slots, step in ((self.minutes, MINUTE_SECONDS), (self.seconds, 1)):
            first = -(-start // step) * step
            for unit, buckets in slots.items():
                few = range(first, end, step) if (end - first) // step < len(buckets) else list(buckets)
                for second in few:
                    if start <= second < end and (bucket := buckets.get(second)) is not None:
                        yield second, unit, bucket

    def age(self, *, now: int) -> None:
        """Turn old seconds into minutes, pack what is old, and forget old minutes."""
        for unit, buckets in self.seconds.items():
            for second in [second for second in buckets if second < now - _FINE_SECONDS]:
                _slot(self.minutes, unit, second // MINUTE_SECONDS * MINUTE_SECONDS).absorb(buckets.pop(second))
        for buckets in self.minutes.values():
            for minute in list(buckets):
                if minute < now - KEPT_SECONDS:
                    del buckets[minute]
                elif minute < now - _FINE_SECONDS:
                    buckets[minute].pack()

    @property
    def empty(self) -> bool:
        """Whether everything was forgotten."""
        return not any(self.minutes.values()) and not any(self.seconds.values())


class Metrics:
    """All metrics, safe for many threads; what is older than AWS keeps it at this resolution is forgotten."""

    def __init__(self) -> None:
        self._series: dict[Metric, _Series] = {}
        self._swept = 0
        self._lock = threading.Lock()

    def put(self, metric: Metric, datum: Mapping[str, Any], *, at: datetime) -> None:
        """Add one datum in PutMetricData's shape: Value, Values with Counts, or StatisticValues."""
        moment = at.timestamp()
        step = 1 if datum.get("StorageResolution") == 1 else MINUTE_SECONDS
        with self._lock:
            self._sweep(int(moment))
            series = self._series.setdefault(metric, _Series())
            slots = series.seconds if step == 1 else series.minutes
            _slot(slots, datum.get("Unit", "None"), int(moment) // step * step).fill(datum)
            series.latest = max(series.latest, moment)

    def readings(self, statistic: Statistic, window: Window) -> list[Reading | None]:
        """A Lookup over these metrics; data of several units are joined unless one is asked for."""
        found: list[Bucket | None] = [None] * window.count
        owned = [False] * window.count
        with self._lock:
            series = self._series.get(statistic.metric)
            if series is None:
                return [None] * window.count
            for second, unit, bucket in series.within(window.start, window.end):
                number = (second - window.start) // window.period
                if statistic.unit not in (None, unit):
                    continue
                if (present := found[number]) is None:
                    found[number] = bucket
                    continue
                # The store's own bucket stays as it is.
                if not owned[number]:
                    present, owned[number] = _copy(present), True
                    found[number] = present
                present.absorb(bucket)
            return [None if bucket is None else _reading(bucket, statistic.name) for bucket in found]

    def datapoints(
        self, metric: Metric, *, start: datetime, end: datetime, period_seconds: int, unit: str | None = None
    ) -> list[Datapoint]:
        """Data points by time, one per unit and period; periods are aligned to multiples of their length."""
        first, last = int(start.timestamp()) // period_seconds, math.ceil(end.timestamp() / period_seconds)
        found: dict[tuple[int, str], Bucket] = {}
        with self._lock:
            series = self._series.get(metric, _Series())
            for second, has, bucket in series.within(first * period_seconds, last * period_seconds):
                if unit in (None, has):
                    found.setdefault((second // period_seconds, has), Bucket()).absorb(bucket)
        zone = start.tzinfo
        return [
            Datapoint(datetime.fromtimestamp(number * period_seconds, zone), has, bucket)
            for (number, has), bucket in sorted(found.items(), key=lambda item: item[0])
        ]

    def listed(self, *, since: datetime | None = None) -> list[Metric]:
        """Every metric in order, optionally of those alone that got a value since."""
        with self._lock:
            found = [m for m, series in self._series.items() if since is None or series.latest >= since.timestamp()]
        return sorted(found, key=lambda metric: (metric.namespace, metric.name, sorted(metric.dimensions)))

    def piece(self, metric: Metric, start: int, end: int) -> Piece:
        """What begins in a stretch of time, in seconds of the epoch: the very buckets, which nobody may change."""
        with self._lock:
            series = self._series.get(metric, _Series())
            return Piece(
                metric, _between(series.minutes, start, end), _between(series.seconds, start, end), series.latest
            )

    def add(self, piece: Piece) -> None:
        """Take over a piece that has nothing in common with what is there."""
        with self._lock:
            series = self._series.setdefault(piece.metric, _Series())
            for mine, theirs in ((series.minutes, piece.minutes), (series.seconds, piece.seconds)):
                for unit, buckets in theirs.items():
                    mine.setdefault(unit, {}).update(buckets)
            series.latest = max(series.latest, piece.latest)

    def dump(self) -> bytes:
        """All of it."""
        with self._lock:
            return pickle.dumps(self._series, pickle.HIGHEST_PROTOCOL)

    def load(self, dumped: bytes) -> None:
        """Hold what was dumped."""
        with self._lock:
            self._series = pickle.loads(dumped)

    def _sweep(self, now: int) -> None:
        if now < self._swept + _SWEEP_SECONDS:
            return
        self._swept = now
        for metric, series in list(self._series.items()):
            series.age(now=now)
            if series.empty:
                del self._series[metric]


def _between(slots: Slots, start: int, end: int) -> Slots:
    within = {unit: {s: bucket for s, bucket in buckets.items() if start <= s < end} for unit, buckets in slots.items()}
    return {unit: buckets for unit, buckets in within.items() if buckets}


def _slot(slots: Slots, unit: str, second: int) -> Bucket:
    buckets = slots.setdefault(unit, {})
    if second not in buckets:
        buckets[second] = Bucket()
    return buckets[second]


def _copy(bucket: Bucket) -> Bucket:
    copy = Bucket()
    copy.absorb(bucket)
    return copy


def _reading(bucket: Bucket, name: str) -> Reading | None:
    value = bucket.statistic(name)
    return None if value is None else Reading(value, bucket.count)
