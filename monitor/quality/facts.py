"""What the model quality monitor has measured, for a report to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How the labels that are there go with the answers of the window."""

    rows: int
    """Answers in the window; of those with the same id the last one counts."""
    labelled: int
    """Answers that have one label."""
    repeated: int = 0
    """Answers left out since a later one has the same id."""
    duplicates: int = 0
    """Labels that say once more what is known."""
    conflicting: int = 0
    """Answers with labels that contradict each other: left out, since nobody knows which is right."""
    unmatched: int = 0
    """Labels of answers that are not in the window."""
    empty: int = 0
    """Labels without a value."""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of one of these counts → up to five ids of it."""

    @property
    def share(self) -> float:
        """The part of the answers that is labelled, 0 to 1."""
        return self.labelled / self.rows if self.rows else 0.0


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One metric of the window beside what it is held to."""

    name: str
    title: str
    """The name for people: ``Area under the ROC curve``."""
    value: float
    better: Literal["higher", "lower"]
    low: float | None = None
    high: float | None = None
    """The ends of its 95 % confidence interval; None where it cannot be told."""
    baseline: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    judged: bool = False
    """Whether the outcome depends on it."""
    violated: bool = False
    p_value: float | None = None
    """How likely a window of the baseline's quality is at least that much worse; None where a limit decides."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points in the order in which a line runs through them."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Rows of about the same prediction."""

    score: float
    """Their mean prediction."""
    share: float
    """The part of them that is positive."""
    low: float
    high: float
    """The 95 % confidence interval of that share (Wilson)."""
    rows: int


@dataclass(frozen=True, kw_only=True)
class ClassificationFacts:
    """Of a binary classifier."""

    coverage: Coverage
    measures: tuple[Measure, ...]
    """Those that are judged first."""
    positive_label: str
    decision_threshold: float
    costs: tuple[float, float]
    """Of one false positive, of one false negative."""
    confusion: tuple[tuple[int, int], tuple[int, int]]
    """Rows: truly negative, truly positive; in each, told negative, told positive."""
    base_rate: float
    """The part of the labelled rows that is positive."""
    roc: Curve
    """False positive rate → true positive rate."""
    precision_recall: Curve
    """Recall → precision."""
    calibration: tuple[CalibrationBin, ...]
    score_edges: tuple[float, ...]
    """The edges of the bins of the two histograms of predictions."""
    score_negative: tuple[int, ...]
    score_positive: tuple[int, ...]
    """Rows in each bin, truly negative and truly positive."""
    note: str = ""
    """What could not be measured and why; empty when everything could."""


@dataclass(frozen=True, kw_only=True)
class RegressionFacts:
    """Of a regression."""

    coverage: Coverage
    measures: tuple[Measure, ...]
    predicted: tuple[float, ...]
    true: tuple[float, ...]
    """A sample of at most 1,000 rows for a scatter plot, evenly taken."""
    residual_edges: tuple[float, ...]
    residual_counts: tuple[int, ...]
    """The histogram of prediction minus truth, over all rows."""
    residual_quantiles: tuple[float, float, float, float, float]
    """At 5, 25, 50, 75 and 95 %."""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class UnmeasuredFacts:
    """Of a window with too few labels: only who has one is known."""

    coverage: Coverage


QualityFacts = ClassificationFacts | RegressionFacts | UnmeasuredFacts
