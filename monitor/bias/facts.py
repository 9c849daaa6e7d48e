"""What the bias monitor has measured, for a report to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["pre_training", "post_training"]


@dataclass(frozen=True, kw_only=True)
class BiasMeasure:
    """One metric of one facet."""

    code: str
    """Clarify's: ``DPL``, ``DI`` …"""
    title: str
    stage: Stage
    neutral: float
    """The value of a metric where nobody is treated differently: 1 for DI, 0 for the others."""
    value: float | None
    """None where it is undefined; ``note`` says why. May be infinite."""
    low: float | None = None
    high: float | None = None
    """The ends of the 95 % confidence interval."""
    baseline: float | None = None
    limit: float | None = None
    """The largest distance from ``neutral`` that the policy admits."""
    judged: bool = False
    violated: bool = False
    p_value: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """One side of a facet."""

    name: str
    """``sex=female``, ``sex≠female``."""
    rows: int
    labelled: int
    favoured_labels: float | None
    """The share of its labelled rows whose label is the favourable one."""
    favoured_answers: float | None
    """The share of its rows for which the model tells the favourable one."""
    true_positive_rate: float | None
    false_positive_rate: float | None
    """Of the favourable answer, over its labelled rows."""


@dataclass(frozen=True, kw_only=True)
class FacetFacts:
    """One protected attribute and the group of it that is looked at."""

    facet: str
    value: str
    group: Group
    """Those who have the value (Clarify's disadvantaged facet d)."""
    others: Group
    """All others (facet a)."""
    measures: tuple[BiasMeasure, ...]


@dataclass(frozen=True, kw_only=True)
class BiasFacts:
    """All facets of a window."""

    favourable: str
    """The label that is good for a person, as text: ``1``."""
    facets: tuple[FacetFacts, ...]
