"""What a monitor has found: one judgement for each kind; files, metrics, report and event are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Monitor(StrEnum):
    """The kinds of monitors; the first four are SageMaker's monitoring types."""

    DATA_QUALITY = "data-quality"
    MODEL_QUALITY = "model-quality"
    BIAS = "bias"
    EXPLAINABILITY = "explainability"
    BUSINESS = "business"


class Outcome(StrEnum):
    """How a run ended. Too little data is an outcome of its own: silence is not health."""

    COMPLETED = "completed"
    COMPLETED_WITH_VIOLATIONS = "completed_with_violations"
    INSUFFICIENT_DATA = "insufficient_data"
    FAILED = "failed"


_WORST_FIRST: Final = (
    Outcome.FAILED,
    Outcome.COMPLETED_WITH_VIOLATIONS,
    Outcome.INSUFFICIENT_DATA,
    Outcome.COMPLETED,
)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One thing that is not as it should be. `check` is Model Monitor's `constraint_check_type` where it has one."""

    feature: str
    """The feature, metric, facet (``sex=female``) or KPI that it is about."""
    check: str
    description: str
    """One sentence with the numbers."""
    value: float | None = None
    threshold: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number for CloudWatch, beside the dimensions that all metrics of a run have."""

    name: str
    value: float
    unit: str = "None"
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What one monitor says of one window."""

    monitor: Monitor
    outcome: Outcome
    reason: str
    """One sentence for people: what was found, or why nothing could be."""
    rows: int
    """The rows that were judged."""
    violations: tuple[Violation, ...] = ()
    metrics: tuple[Metric, ...] = ()
    files: Mapping[str, Any] = field(default_factory=dict)
    """File name → JSON document, as Model Monitor or Clarify writes it (``statistics.json``, ``analysis.json`` …)."""
    facts: Any = None
    """What the report draws; each monitor has a dataclass of its own."""


def worst(outcomes: list[Outcome]) -> Outcome:
    """The outcome of a run as a whole; insufficient data when there is none."""
    return next((outcome for outcome in _WORST_FIRST if outcome in outcomes), Outcome.INSUFFICIENT_DATA)
