"""What arrived in a stretch of time, of bounded size however many values it was, and its statistics."""

from __future__ import annotations

import array
import collections
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from local.errors import UnsupportedLocally

STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_DISTINCT_VALUES: Final = 1000
_DIGITS: Final = 3
_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d{1,10})?)")
_TRIMMED = re.compile(r"(tm|tc|ts|wm)\d{1,3}(\.\d{1,10})?|IQM|(TM|TC|TS|WM|PR)\([^()]*:[^()]*\)")


@dataclass(slots=True)
class Bucket:
    """`values` counts each value, rounded to three digits once they are many; `opaque` came without single values.

    A bucket that is packed takes a third of the memory; whoever adds to it or looks at `values` unpacks it.
    """

    count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    opaque: float = 0.0
    _loose: collections.Counter[float] | None = None
    _packed: array.array[float] | None = None
    _percentiles: dict[float, float] | None = field(default=None, repr=False, compare=False)

    @property
    def values(self) -> collections.Counter[float]:
        """How often each value was seen."""
        if self._loose is None:
            pairs = dict(self._pairs())
            self._loose, self._packed = collections.Counter(pairs), None
        return self._loose

    def add(self, value: float, count: float) -> None:
        """Add a value that was seen `count` times."""
        self._sum_up(count=count, total=value * count, minimum=value, maximum=value)
        values = self.values
        coarse = len(values) >= _DISTINCT_VALUES and value not in values
        values[_rounded(value) if coarse else value] += count  # type: ignore[assignment]

    def merge(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a statistic set; its single values are known only where all are the same."""
        if minimum == maximum and math.isclose(total, minimum * count):
            self.add(minimum, count)
            return
        self._sum_up(count=count, total=total, minimum=minimum, maximum=maximum)
        self.opaque += count

    def fill(self, datum: Mapping[str, Any]) -> None:
        """Add one datum in PutMetricData's shape: Value, Values with Counts, or StatisticValues."""
        if sets := datum.get("StatisticValues"):
            self.merge(count=sets["SampleCount"], total=sets["Sum"], minimum=sets["Minimum"], maximum=sets["Maximum"])
            return
        values: Sequence[float] = datum.get("Values") or [datum["Value"]]
        counts: Sequence[float] = datum.get("Counts") or [1.0] * len(values)
        for value, count in zip(values, counts, strict=True):
            self.add(value, count)

    def absorb(self, other: Bucket) -> None:
        """Add all of another bucket."""
        self._sum_up(count=other.count, total=other.total, minimum=other.minimum, maximum=other.maximum)
        values = self.values
        for value, count in other._pairs():
            values[value] += count  # type: ignore[assignment]
        self.opaque += other.opaque

    def pack(self) -> None:
        """Take less memory, for a bucket that has got its last value."""
        if self._packed is not None:
            return
        self._packed = array.array("d", itertools.chain.from_iterable(self._pairs()))
        self._loose = self._percentiles = None

    def statistic(self, name: str) -> float | None:
        """One of STATISTICS or a percentile such as `p99.9`. Raises KeyError for another.

        None where there is none: of an empty bucket, and a percentile of data that came as statistic sets or are below
        zero ("CloudWatch statistics definitions").
        """
        if not self.count:
            return None
        if (rank := percentile_rank(name)) is not None:
            return self._percentile(rank)
        return {
            "Sum": self.total,
            "Average": self.total / self.count,
            "Minimum": self.minimum,
            "Maximum": self.maximum,
            "SampleCount": self.count,
        }[name]

    def _percentile(self, rank: float) -> float | None:
        # The guide calls p99 the largest of the values that are left when the highest 1 % are taken away: a value that
        # was seen, not one between two. AWS's own answer comes from a sketch and may differ in the third digit.
        if self.opaque or self.minimum < 0:
            return None
        self._percentiles = self._percentiles or {}
        if rank not in self._percentiles:
            self._percentiles[rank] = self._ranked(rank / 100 * self.count)
        return self._percentiles[rank]

    def _ranked(self, needed: float) -> float:
        seen = 0.0
        for value, count in self._pairs():
            seen += count
            # A hair's breadth, since 99.9 / 100 * 1000 is not quite 999.
            if seen >= needed - 1e-9 * max(1.0, needed):
                return min(max(value, self.minimum), self.maximum)  # a rounded value may lie beyond them
        return self.maximum

    def _pairs(self) -> list[tuple[float, float]]:
        """Each value and how often it was seen, the smallest first."""
        if self._packed is not None:
            return list(zip(self._packed[::2], self._packed[1::2], strict=True))
        return sorted(self._loose.items()) if self._loose else []

    def _sum_up(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        self.count += count
        self.total += total
        self.minimum, self.maximum = min(self.minimum, minimum), max(self.maximum, maximum)
        self._percentiles = None


def supported(name: str) -> bool:
    """Whether a bucket knows the statistic. Raises UnsupportedLocally for the trimmed ones, which only AWS knows."""
    if _TRIMMED.fullmatch(name):
        raise UnsupportedLocally(f"the statistic {name} of a metric")
    return name in STATISTICS or percentile_rank(name) is not None


def percentile_rank(name: str) -> float | None:
    """90.0 for `p90`; None for a name that is no percentile between p0 and p100."""
    if (found := _PERCENTILE.fullmatch(name)) is None:
        return None
    rank = float(found[1])
    return rank if rank <= 100 else None


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
