"""What data quality has seen, feature by feature: what a report draws and a machine can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The shape of one side's numbers; None where there was none."""

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    quantiles: tuple[float, ...] = ()
    """At 0.05, 0.25, 0.5, 0.75 and 0.95; empty where there was no number."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One feature in the baseline or in the window."""

    rows: int
    missing: int
    """Rows without a value: null, NaN, or the column was not there."""
    infinite: int = 0
    numbers: Numbers | None = None
    """For numeric features."""
    shares: tuple[float, ...] = ()
    """The share of this side's values in each bin or category of the drawing, in order; they add up to one or less."""
    below: float = 0.0
    """The share of numbers below the first bin."""
    above: float = 0.0
    """The share of numbers from the last bin's end on."""
    distinct: int | None = None
    """Different values, for categorical features."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature on both sides, and what separates them."""

    name: str
    kind: Literal["numeric", "categorical"]
    inferred_type: str
    """The baseline's type, in Model Monitor's words: Integral, Fractional, String, Unknown."""
    baseline: Side
    current: Side
    distance: float | None = None
    """Largest difference of cumulative distributions, or of a category's share; None where a side has no values."""
    threshold: float
    p_value: float | None = None
    """Of the drift, corrected for all checks of the run: at most the false-alarm rate is significant."""
    psi: float | None = None
    jensen_shannon: float | None = None
    moved: bool = False
    """Whether its distribution is a violation."""
    violated: bool = False
    """Whether anything about it is."""
    ignored: bool = False
    edges: tuple[float, ...] = ()
    """Numeric: the ends of the drawing's bins, one more than there are shares; at most 41."""
    categories: tuple[str, ...] = ()
    """Categorical: the largest on either side, at most 12."""
    unseen: tuple[bool, ...] = ()
    """For each of the categories whether the baseline does not know it."""
    other: tuple[float, float] = (0.0, 0.0)
    """The shares, baseline's and current's, of all categories that are not drawn."""
    notes: tuple[str, ...] = ()
    """What was seen and is no violation: too little of it, or too small."""


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """All features of a window, and how sure the judgement is."""

    baseline_rows: int
    current_rows: int
    false_alarm_rate: float
    checks: int
    """So many tests shared the false-alarm rate."""
    resolution: float
    """Largest error of any distance by the binning of numbers, as a difference of shares."""
    features: tuple[Feature, ...] = ()
