"""How far apart two distributions are: Model Monitor's measures, population stability, Jensen and Shannon."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.profile import Categories, Numbers
from monitor.profile.bins import MANTISSA_BITS, Bins, Counts, Floats, evenly

_EMPTY: Final = 1e-4
"""The share that stands for an empty bin in the population stability index, which knows no zero."""
_FEW: Final = 20
"""Numbers with as many different values or fewer are compared value by value, not in bins."""


def cumulative_distance(baseline: Counts, current: Counts) -> float:
    """The largest difference of the cumulative shares; counts of both in the same bins, in ascending order."""
    return float(np.abs(np.cumsum(current) / current.sum() - np.cumsum(baseline) / baseline.sum()).max())


def share_distance(baseline: Counts, current: Counts) -> float:
    """The largest difference of a category's shares; counts of both in the same categories."""
    return float(np.abs(current / current.sum() - baseline / baseline.sum()).max())


def ks(baseline: Numbers, current: Numbers) -> tuple[float, float]:
    """Kolmogorov and Smirnov's distance: the largest difference of the distribution functions (Model Monitor's Simple).

    Returns it with its largest possible error: 0 where both are exact. NaN where one has no numbers.
    """
    if not baseline.count or not current.count:
        return math.nan, 0.0
    values, first, second = aligned(baseline, current)
    first_cdf, second_cdf = np.cumsum(first) / baseline.count, np.cumsum(second) / current.count
    distance = cumulative_distance(first, second)
    # Within a bin one may have all its numbers before the other has its first: so far apart they can be at most.
    ahead = first_cdf - second_cdf + second / current.count
    behind = second_cdf - first_cdf + first / baseline.count
    farthest = np.max(np.maximum(ahead, behind), where=_open(values, baseline, current), initial=distance)
    return distance, float(farthest) - distance


def _open(values: Floats, baseline: Numbers, current: Numbers) -> NDArray[np.bool_]:
    """Which of the `values` stand for bins that may hold different numbers."""
    both = [numbers.bins for numbers in (baseline, current) if numbers.bins is not None]
    if not both:
        return np.zeros(len(values), bool)
    shift = max(bins.shift for bins in _same_bins(baseline, current))
    whole = all(numbers.whole == numbers.count for numbers in (baseline, current))
    alone = (np.abs(values) < 1 << (MANTISSA_BITS + 1 - shift)) & whole
    zero = (values == 0) & (sum(bins.tiny for bins in both) == 0)
    return np.asarray(~(alone | zero), bool)


def aligned(baseline: Numbers, current: Numbers) -> tuple[Floats, Counts, Counts]:
    """The numbers that occur in either, in order, and how often in each; in the wider bins of the two, if any."""
    if baseline.bins is None and current.bins is None:
        (values, counts), (others, other_counts) = baseline.points(), current.points()
    else:
        first_bins, second_bins = _same_bins(baseline, current)
        (values, counts), (others, other_counts) = first_bins.points(), second_bins.points()
    union = np.concatenate((values, others))
    union.sort(kind="stable")  # two ascending runs: merged, not sorted
    union = union[np.concatenate(([True], union[1:] != union[:-1]))] if len(union) else union
    first, second = np.zeros(len(union), np.int64), np.zeros(len(union), np.int64)
    first[np.searchsorted(union, values)] = counts
    second[np.searchsorted(union, others)] = other_counts
    return union, first, second


def _same_bins(baseline: Numbers, current: Numbers) -> tuple[Bins, Bins]:
    first, second = _binned(baseline), _binned(current)
    shift = max(first.shift, second.shift)
    first.coarsen(shift)
    second.coarsen(shift)
    return first, second


def _binned(numbers: Numbers) -> Bins:
    """Bins of their own, also for numbers that are known one by one."""
    if numbers.bins is not None:
        return numbers.bins.copy()
    bins = Bins.for_range(numbers.min, numbers.max)
    if numbers.count:
        bins.add(numbers.values, low=numbers.min, high=numbers.max, weights=numbers.counts)
    return bins


def l_infinity(baseline: Categories, current: Categories) -> tuple[float, float]:
    """The largest difference of a category's shares (Model Monitor's LInfinity), with its largest possible error."""
    if not baseline.total or not current.total:
        return math.nan, 0.0
    first, second = category_counts(baseline, current)
    return share_distance(first, second), baseline.error + current.error


def category_counts(baseline: Categories, current: Categories) -> tuple[Counts, Counts]:
    """How often each category occurs in either, in the same order; those counted in neither together at the end."""
    names = list(baseline.counts | current.counts)
    both = [np.array([side.counts.get(name, 0) for name in names], np.int64) for side in (baseline, current)]
    rests = [side.total - int(counts.sum()) for side, counts in zip((baseline, current), both, strict=True)]
    if any(rests):
        both = [np.append(counts, rest) for counts, rest in zip(both, rests, strict=True)]
    return both[0], both[1]


def number_counts(baseline: Numbers, current: Numbers) -> tuple[Counts, Counts]:
    """The numbers of either in the same bins: value by value where the baseline has at most 20 different ones.

    Else bins of equal width over both samples' range, as many as Sturges's rule gives for both together.
    """
    if baseline.bins is None and len(baseline.values) <= _FEW:
        _, first, second = aligned(baseline, current)
        return first, second
    edges = sturges(baseline, current)
    return baseline.histogram(edges), current.histogram(edges)


def sturges(baseline: Numbers, current: Numbers) -> Floats:
    """The edges of bins of equal width over the range of both: `ceil(log2(n) + 1)` bins for n numbers in all."""
    low, high = min(baseline.min, current.min), max(baseline.max, current.max)
    if low == high:
        low, high = low - 0.5, high + 0.5
    bins = math.ceil(math.log2(baseline.count + current.count) + 1)
    return evenly(low, high, bins + 1)


def psi(baseline: Counts, current: Counts) -> float:
    """The population stability index of two samples counted in the same bins; NaN where one is empty.

    An empty bin would make it infinite: it gets the share 1e-4, or a millionth of the smallest where that is less.
    """
    if not baseline.sum() or not current.sum():
        return math.nan
    expected, actual = _filled(baseline / baseline.sum()), _filled(current / current.sum())
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def _filled(shares: NDArray[np.float64]) -> Floats:
    smallest = float(shares[shares > 0].min())
    return np.where(shares == 0, _EMPTY if smallest > _EMPTY else smallest / 1e6, shares)


def jensen_shannon(baseline: Counts, current: Counts) -> float:
    """Jensen and Shannon's distance (the root of the divergence, natural logarithm) of two samples in the same bins.

    Between 0 and 0.8326 (the root of ln 2). NaN where one sample is empty.
    """
    if not baseline.sum() or not current.sum():
        return math.nan
    first, second = baseline / baseline.sum(), current / current.sum()
    middle = (first + second) / 2
    divergence = (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2
    return math.sqrt(max(0.0, divergence))


def _relative_entropy(shares: Floats, reference: Floats) -> float:
    filled = shares > 0
    return float(np.sum(shares[filled] * np.log(shares[filled] / reference[filled])))
