"""How likely chance alone is: tests that hold at every sample size.

All but `rank_sum` need nothing of the data but that rows are exchangeable: with the baseline and the window drawn from
one source, which rows fell into which of the two is a draw without replacement. So they hold for any distribution,
binned or tied, rare values and small samples included.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from monitor.measures import cumulative_distance

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CHUNK = 1024
_NEGLIGIBLE = 1e-17


def more_often(hits: int, rows: int, *, before: int, rows_before: int) -> float:
    """The chance of at least so many hits among `rows`, given all hits of both (Fisher's exact test, one-sided)."""
    marked = hits + before
    if hits <= 0 or hits * (rows + rows_before) <= marked * rows:
        return 1.0
    # log of P(exactly `hits`): each further term is the one before times a ratio that falls, so few are needed.
    logarithm = (
        _choose(marked, hits) + _choose(rows + rows_before - marked, rows - hits) - _choose(rows + rows_before, rows)
    )
    return min(1.0, math.exp(min(0.0, logarithm)) * _further(hits, min(marked, rows), marked, rows, rows_before))


def differently_often(hits: int, rows: int, *, before: int, rows_before: int) -> float:
    """The same for more or fewer hits: twice the smaller of the two."""
    more = more_often(hits, rows, before=before, rows_before=rows_before)
    fewer = more_often(before, rows_before, before=hits, rows_before=rows)
    return min(1.0, 2 * min(more, fewer))


def beyond(hits: int, rows: int, *, rows_before: int) -> float:
    """The chance that so many of a window's values are larger than all of the baseline's (precedence test)."""
    return more_often(hits, rows, before=0, rows_before=rows_before)


def unseen(hits: int, counts: Counts, *, rows: int, rows_before: int) -> float:
    """A bound for the chance that so many rows of a window have values that the baseline has none of.

    `counts` are how often each value is in both together. A value is unseen when all its rows fell into the window;
    whether it is, is negatively associated from value to value, so that the product of their moment generating
    functions bounds the sum's (Chernoff). It holds for any number of rare values, where a threshold would not.
    """
    if hits <= 0:
        return 1.0
    sizes, how_many = np.unique(counts[counts > 0], return_counts=True)
    log_share = math.log(rows / (rows + rows_before))
    log_chances = sizes.astype(np.float64) * log_share
    if hits <= float(np.sum(how_many * np.exp(log_chances) * sizes)):
        return 1.0
    # Beyond -log_share the frequent values, which no window can have alone, make the bound grow.
    tilts: Floats = np.linspace(0, -2 * log_share, 400)[1:, None]
    bounds = _generating(tilts * sizes, log_chances) @ how_many - tilts[:, 0] * hits
    return math.exp(min(0.0, float(bounds.min())))


def largest_share(window: Counts, baseline: Counts) -> float:
    """The chance that any category's share differs as much as the one that differs most surely.

    Only categories of which both together have enough rows to make up a hundredth of the smaller sample are looked at;
    that depends on both together alone, so Bonferroni's factor may count just these.
    """
    rows, rows_before = int(window.sum()), int(baseline.sum())
    if not rows or not rows_before:
        return 1.0
    eligible = np.flatnonzero(window + baseline > 0.01 * min(rows, rows_before))
    smallest = min(
        (
            differently_often(int(window[each]), rows, before=int(baseline[each]), rows_before=rows_before)
            for each in eligible
        ),
        default=1.0,
    )
    return min(1.0, smallest * len(eligible))


def moved(window: Counts, baseline: Counts) -> float:
    """The chance that numbers lie so differently, by counts in the same bins in ascending order.

    Half of the error goes to the largest difference of the cumulative shares, which sees any change of shape; half to
    the ranks' sum, which sees a shift in smaller samples. One value that more than half of all rows have makes the
    normal approximation of the latter bad: then that value's share is tested, exactly.
    """
    rows, rows_before = int(window.sum()), int(baseline.sum())
    if not rows or not rows_before:
        return 1.0
    by_distance = kolmogorov_smirnov(cumulative_distance(baseline, window), rows, rows_before)
    pooled = window + baseline
    largest = int(pooled.argmax())
    if 2 * pooled[largest] > rows + rows_before:
        other = differently_often(int(window[largest]), rows, before=int(baseline[largest]), rows_before=rows_before)
    else:
        other = rank_sum(window, baseline)
    return min(1.0, 2 * min(by_distance, other))


def kolmogorov_smirnov(distance: float, rows: int, rows_before: int) -> float:
    """A bound for the two-sample test's p value, at small sizes too; in the tail 8 % above the asymptotic value.

    Its factor is proved for samples of equal size from 4 on; for unequal ones the smaller factor 2 was found to hold
    by computer up to 200 and is conjectured beyond (Wei and Dudley, "Two-sample Dvoretzky-Kiefer-Wolfowitz
    inequalities", 2012). Ties, and with them bins, make it only more careful.
    """
    weight = rows / (rows + rows_before) * rows_before
    return min(1.0, 2.16863 * math.exp(-2 * weight * distance * distance))


def rank_sum(window: Counts, baseline: Counts) -> float:
    """The Wilcoxon-Mann-Whitney test's two-sided p value, ties counted, by the normal approximation."""
    rows, rows_before = float(window.sum()), float(baseline.sum())
    pooled = (window + baseline).astype(float)
    total = rows + rows_before
    ranks = np.cumsum(pooled) - pooled / 2 + 0.5
    spread = (
        rows * rows_before / 12 * (total + 1 - float(np.sum(pooled * (pooled * pooled - 1))) / (total * (total - 1)))
    )
    if spread <= 0:
        return 1.0
    distance = abs(float(np.sum(ranks * window)) - rows * (total + 1) / 2)
    return math.erfc(max(0.0, distance - 0.5) / math.sqrt(2 * spread))


def _choose(many: int, few: int) -> float:
    """The logarithm of the binomial coefficient."""
    return math.lgamma(many + 1) - math.lgamma(few + 1) - math.lgamma(many - few + 1)


def _further(hits: int, most: int, marked: int, rows: int, rows_before: int) -> float:
    """1 + the terms of the hypergeometric tail behind `hits`, as multiples of the first."""
    total, last, start = 1.0, 1.0, hits
    while start < most and last > _NEGLIGIBLE * total:
        at = np.arange(start, min(start + _CHUNK, most), dtype=float)
        ratios = (marked - at) * (rows - at) / ((at + 1) * (rows_before - marked + at + 1))
        terms = last * np.cumprod(ratios)
        total, last, start = total + float(terms.sum()), float(terms[-1]), start + _CHUNK
    return total


def _generating(exponents: Floats, log_chances: Floats) -> Floats:
    """log(1 + q (e^x - 1)) for chances q; large x without overflow, a little too large there."""
    small = np.log1p(np.exp(log_chances) * np.expm1(np.minimum(exponents, 30.0)))
    return np.where(exponents < 30.0, small, np.logaddexp(0.0, log_chances + exponents))
