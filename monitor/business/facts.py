"""What the business monitor has measured, for a report to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class KpiFact:
    """One figure of the window."""

    name: str
    expression: str
    value: float | None
    """None where it is undefined; ``note`` says why."""
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    rows: int = 0
    """The rows that it is computed over: with ``label`` in the expression only labelled ones."""
    low: float | None = None
    high: float | None = None
    """The ends of its 95 % confidence interval over resamples of the rows; None where it cannot be told."""
    violated: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BusinessFacts:
    """All figures, in the order of the policy."""

    kpis: tuple[KpiFact, ...]
