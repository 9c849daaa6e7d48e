"""What is known of a column's numbers after one pass: moments exactly, the distribution exactly or in fine bins."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from monitor.profile.bins import Bins, Counts, Floats

EXACT_DISTINCT: Final = 20_000
"""As many different numbers are kept as they are; more are counted in bins."""
_PROBE: Final = 2048
_RANGE: Final = 1 << 16


@dataclass
class Numbers:
    """The numbers of a column. NaN and infinities are counted apart: nothing else here knows of them."""

    count: int = 0
    """The finite ones."""
    total: float = 0.0
    mean: float = math.nan
    m2: float = 0.0
    """The sum of the squared differences from the mean."""
    min: float = math.inf
    max: float = -math.inf
    whole: int = 0
    """How many have no fraction."""
    nan: int = 0
    infinite: int = 0
    values: Floats = field(default_factory=lambda: np.zeros(0))
    """The different numbers in order, while `bins` is None."""
    counts: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    bins: Bins | None = None
    _points: tuple[tuple[int, int], Floats, Counts] | None = field(default=None, repr=False, compare=False)

    @property
    def exact(self) -> bool:
        """Whether the distribution is known to the last number."""
        return self.bins is None or self.error == 0

    @property
    def std(self) -> float:
        """The standard deviation of the population, not of a sample, as Model Monitor's; NaN without numbers."""
        return math.sqrt(self.m2 / self.count) if self.count else math.nan

    @property
    def error(self) -> float:
        """The largest possible error of `cdf`: the share of the fullest bin that may hold different numbers."""
        if self.bins is None or not self.count:
            return 0.0
        return self.bins.fullest(whole=self.whole == self.count) / self.count

    def points(self) -> tuple[Floats, Counts]:
        """The numbers in order and how often each occurs; in bins, each stands for those of its bin."""
        if self.bins is None:
            return self.values, self.counts
        state = (self.count, self.bins.shift)
        if self._points is None or self._points[0] != state:  # a judgement asks for them many times
            values, counts = self.bins.points()
            self._points = (state, np.clip(values, self.min, self.max), counts)
        return self._points[1:]

    def cdf(self, at: Floats) -> Floats:
        """The share of numbers not above each of `at`; all zero without numbers."""
        values, counts = self.points()
        below = np.concatenate(([0], np.cumsum(counts)))
        return np.asarray(below[np.searchsorted(values, at, side="right")] / max(1, self.count), np.float64)

    def quantiles(self, shares: Floats) -> Floats:
        """For each of `shares` the least number that has as many at or below it; NaN without numbers."""
        values, counts = self.points()
        if not len(values):
            return np.full(len(shares), math.nan)
        reached = np.cumsum(counts)
        places = np.searchsorted(reached, np.asarray(shares) * self.count, side="left")
        return np.asarray(values[np.minimum(places, len(values) - 1)], np.float64)

    def histogram(self, edges: Floats) -> Counts:
        """The numbers between each two `edges`, as numpy counts: a bin has its lower edge, the last its upper too."""
        values, counts = self.points()
        below = np.concatenate(([0], np.cumsum(counts)))
        places = np.searchsorted(values, edges, side="left")
        places[-1] = np.searchsorted(values, edges[-1], side="right")
        return np.diff(below[places]).astype(np.int64)

    def add(self, values: Floats) -> None:
        """Take in float64 `values`, contiguous and without missing ones."""
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            self.add(self._finite(values))
            return
        whole = int(np.count_nonzero(np.rint(values) == values))
        self._add_moments(_moments(values), low=low, high=high, whole=whole)
        self._add_distribution(values, low=low, high=high, whole=whole == len(values))

    def _finite(self, values: Floats) -> Floats:
        self.nan += int(np.count_nonzero(np.isnan(values)))
        self.infinite += int(np.count_nonzero(np.isinf(values)))
        return np.asarray(values[np.isfinite(values)], np.float64)

    def _add_moments(self, moments: tuple[int, float, float, float], *, low: float, high: float, whole: int) -> None:
        """Chan's formula joins the moments of two samples without losing digits."""
        count, total, mean, m2 = moments
        together = self.count + count
        if self.count:
            away = mean - self.mean
            self.m2 += m2 + away * away * (self.count * count / together)
            self.mean = self.mean * (self.count / together) + mean * (count / together)
        else:
            self.mean, self.m2 = mean, m2
        self.count, self.total, self.whole = together, self.total + total, self.whole + whole
        self.min, self.max = min(self.min, low), max(self.max, high)

    def _add_distribution(self, values: Floats, *, low: float, high: float, whole: bool) -> None:
        if self.bins is None:
            found = _counted(values, low=low, high=high, whole=whole)
            if found is not None:
                self._add_points(*found)
                return
            self._begin_bins(low, high)
        if self.bins is not None:
            self.bins.add(values, low=low, high=high)

    def _add_points(self, values: Floats, counts: Counts) -> None:
        merged, places = np.unique(np.concatenate((self.values, values)), return_inverse=True)
        weights = np.zeros(len(merged), np.int64)
        np.add.at(weights, places, np.concatenate((self.counts, counts)))
        self.values, self.counts = merged, weights
        if len(merged) > EXACT_DISTINCT:
            self._begin_bins(self.min, self.max)

    def _begin_bins(self, low: float, high: float) -> None:
        """Give up the single numbers: those known so far go into bins."""
        self.bins = Bins.for_range(min(low, self.min), max(high, self.max))
        if len(self.values):
            _add_points(self.bins, self.values, self.counts)
        self.values, self.counts = np.zeros(0), np.zeros(0, np.int64)

    def merge(self, other: Numbers) -> None:
        """Take in what is known of `other`, which stays as it is."""
        self.nan += other.nan
        self.infinite += other.infinite
        if not other.count:
            return
        moments = (other.count, other.total, other.mean, other.m2)
        self._add_moments(moments, low=other.min, high=other.max, whole=other.whole)
        if other.bins is None and self.bins is None:
            self._add_points(other.values, other.counts)
            return
        if self.bins is None:
            self._begin_bins(self.min, self.max)
        if self.bins is not None:
            self.bins.merge(other.bins) if other.bins else _add_points(self.bins, other.values, other.counts)


def _add_points(bins: Bins, values: Floats, counts: Counts) -> None:
    bins.add(values, low=float(values[0]), high=float(values[-1]), weights=counts)


def _moments(values: Floats) -> tuple[int, float, float, float]:
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # of numbers near the largest float the sum and the variance are infinite
        total = float(values.sum())
        mean = total / len(values) if math.isfinite(total) else float((values / len(values)).sum())
        away = values - mean
        # Not a dot product: BLAS would start threads of its own for it.
        return len(values), total, mean, float(np.einsum("i,i->", away, away))


def _counted(values: Floats, *, low: float, high: float, whole: bool) -> tuple[Floats, Counts] | None:
    """The different numbers and how often each occurs; None where there are too many of them."""
    if whole and high - low < min(_RANGE, 4 * len(values)):
        counts = np.bincount((values - low).astype(np.int64))
        filled = np.flatnonzero(counts)
        return filled + np.float64(low), counts[filled].astype(np.int64)
    if len(values) > EXACT_DISTINCT and len(np.unique(values[:_PROBE])) > _PROBE // 2:
        return None
    found, counts = np.unique(values, return_counts=True)
    return found, counts.astype(np.int64)
