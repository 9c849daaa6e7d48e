"""How likely a distance at least as large is when nothing has changed: the p value of Kolmogorov and Smirnov's test."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

_COUNTED_OUT: Final = 12_000
"""Sizes of both samples together up to which the exact distribution is counted out: some hundredths of a second."""
_OPEN: Final = (1e-9, 0.2)
"""Asymptotic p values outside of these are clear enough."""


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
