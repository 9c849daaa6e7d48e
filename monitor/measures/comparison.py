"""One feature then and now: every measure of how far its distribution has moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from monitor.measures import distances
from monitor.measures.significance import chi_squared, chi_squared_p_value, ks_p_value, robust
from monitor.profile import Categories, Column, Numbers


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How a feature's distribution has moved; NaN where one side has nothing to compare (and a p value of 1)."""

    kind: Literal["numeric", "categorical"]
    distance: float
    """The largest difference of the distribution functions, or of a category's shares: Model Monitor's Simple."""
    error: float
    """The largest possible error of `distance`, from bins and heavy hitters; 0 where all is counted exactly."""
    robust: float
    """`distance` less what chance alone makes at these sizes: Model Monitor's Robust, as far as it is known."""
    p_value: float
    """Kolmogorov and Smirnov's for numbers, Pearson's chi-squared for texts."""
    psi: float
    jensen_shannon: float
    baseline: int
    """The values compared: finite numbers, or texts."""
    current: int
    unseen: float = 0.0
    """The share of the current texts that the baseline does not know; 0 where its own list is not complete."""


def compare(baseline: Column, current: Column) -> Comparison:
    """Compare by the baseline's kind: its numbers with the current numbers, or its texts with the current texts."""
    if baseline.numeric:
        return compare_numbers(baseline.numbers, current.numbers)
    return compare_texts(baseline.texts, current.texts)


def compare_numbers(baseline: Numbers, current: Numbers) -> Comparison:
    """Compare two samples of numbers."""
    distance, error = distances.ks(baseline, current)
    psi = jensen_shannon = math.nan
    if baseline.count and current.count:
        counts = distances.number_counts(baseline, current)
        psi, jensen_shannon = distances.psi(*counts), distances.jensen_shannon(*counts)
    return Comparison(
        kind="numeric",
        distance=distance,
        error=error,
        robust=robust(distance, baseline.count, current.count),
        p_value=ks_p_value(distance, baseline.count, current.count),
        psi=psi,
        jensen_shannon=jensen_shannon,
        baseline=baseline.count,
        current=current.count,
    )


def compare_texts(baseline: Categories, current: Categories) -> Comparison:
    """Compare two samples of texts."""
    distance, error = distances.l_infinity(baseline, current)
    counts = distances.category_counts(baseline, current)
    unseen = sum(count for text, count in current.counts.items() if text not in baseline.counts)
    return Comparison(
        kind="categorical",
        distance=distance,
        error=error,
        robust=robust(distance, baseline.total, current.total),
        p_value=chi_squared_p_value(*chi_squared(*counts)),
        psi=distances.psi(*counts),
        jensen_shannon=distances.jensen_shannon(*counts),
        baseline=baseline.total,
        current=current.total,
        unseen=unseen / current.total if baseline.exact and current.total else 0.0,
    )
