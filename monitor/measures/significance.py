"""How likely a distance at least as large is when nothing has changed: p values, by sample sizes."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from monitor.profile.bins import Counts

_COUNTED_OUT: Final = 12_000
"""Sizes of both samples together up to which the exact distribution is counted out: some hundredths of a second."""
_OPEN: Final = (1e-9, 0.2)
"""Asymptotic p values outside of these are clear enough."""
_EXPECTED_AT_LEAST: Final = 5.0


def ks_p_value(distance: float, baseline: int, current: int) -> float:
    """The probability of a two-sample Kolmogorov-Smirnov distance of at least `distance` by chance.

    Exact for samples of up to 12,000 together, where the asymptotic one leaves it open; asymptotic elsewhere. Numbers
    that occur more than once make it larger than it is: a test on it errs on the quiet side.
    """
    if math.isnan(distance) or not baseline or not current:
        return 1.0
    asymptotic = _kolmogorov(distance * math.sqrt(baseline * current / (baseline + current)))
    if baseline + current > _COUNTED_OUT or not _OPEN[0] < asymptotic < _OPEN[1]:
        return asymptotic
    return _counted_out(distance, baseline, current)


def _kolmogorov(x: float) -> float:
    """The limit distribution's upper tail."""
    if x < 0.2:
        return 1.0
    terms = (-1.0) ** np.arange(100) * np.exp(-2.0 * (np.arange(1, 101) * x) ** 2)
    return float(min(1.0, max(0.0, 2.0 * terms.sum())))


def _counted_out(distance: float, first: int, second: int) -> float:
    """The share of the orders of the pooled samples whose distance is at least `distance`.

    All orders are equally likely, and each is a path of `first` steps of one kind and `second` of the other (Hodges,
    "The significance probability of the Smirnov two-sample test"). Stepwise, `inside[i]` is the chance of having
    made `i` steps of the first kind without leaving the band; what leaves it is summed, so small values keep digits.
    """
    total = first + second
    reach = round(distance * first * second) - 0.5  # distances are whole multiples of 1 / (first * second)
    low, inside, left = 0, np.ones(1), 0.0
    for step in range(1, total + 1):
        to_come = first - np.arange(low, low + len(inside))
        # Clipped: what rounding leaves of an impossible path must not grow from step to step.
        further = inside * np.minimum(1.0, to_come / (total - step + 1))
        inside = np.append(inside - further, 0.0)
        inside[1:] += further
        least = max(low, math.ceil((step * first - reach) / total))
        most = min(low + len(inside) - 1, math.floor((step * first + reach) / total))
        left += float(inside[: least - low].sum() + inside[most - low + 1 :].sum())
        low, inside = least, inside[least - low : most - low + 1]
        if not len(inside):
            break
    return min(1.0, left)


def chi_squared(baseline: Counts, current: Counts) -> tuple[float, int]:
    """Pearson's statistic and its degrees of freedom for two samples counted in the same categories.

    Categories expected fewer than five times in either sample are taken together, the rarest first.
    """
    first, second = _pooled(baseline, current)
    rows = np.stack((first, second)).astype(np.float64)
    total = rows.sum()
    if len(first) < 2 or not total:
        return 0.0, 0
    expected = np.outer(rows.sum(axis=1), rows.sum(axis=0)) / total
    return float(((rows - expected) ** 2 / expected).sum()), len(first) - 1


def _pooled(baseline: Counts, current: Counts) -> tuple[Counts, Counts]:
    together = baseline + current
    total = int(together.sum())
    if not total:
        return together[:0], together[:0]
    expected = together * (min(int(baseline.sum()), int(current.sum())) / total)
    order = np.argsort(expected, kind="stable")
    pooled = int(np.count_nonzero(expected < _EXPECTED_AT_LEAST))
    if pooled and expected[order[:pooled]].sum() < _EXPECTED_AT_LEAST:
        pooled += 1  # all the rare ones together are still rare: the next joins them
    pool, kept = order[:pooled], order[pooled:]
    if not pooled:
        return baseline, current
    return np.append(baseline[kept], baseline[pool].sum()), np.append(current[kept], current[pool].sum())


def chi_squared_p_value(statistic: float, degrees: int) -> float:
    """The upper tail of the chi-squared distribution; 1 without degrees of freedom."""
    if degrees < 1 or statistic <= 0:
        return 1.0
    return _upper_gamma(degrees / 2, statistic / 2)


def _upper_gamma(a: float, x: float) -> float:
    """The regularized upper incomplete gamma function, by its series or its continued fraction (DLMF 8.11.4, 8.9.2)."""
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        return max(0.0, 1.0 - front * _series(a, x))
    return front * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1.0 / a
    n = a
    while abs(term) > abs(total) * 1e-17:
        n += 1
        term *= x / n
        total += term
    return total


def _fraction(a: float, x: float) -> float:
    """Lentz's way from the front: no depth has to be guessed."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    found = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b or tiny)
        c = b + step / c or tiny
        found *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return found


def holm(p_values: list[float]) -> list[float]:
    """Holm's adjusted p values, in the order given: one below alpha is significant at the family-wise rate alpha."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, worst = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = worst
    return adjusted
