"""What the explainability monitor has measured, for a report to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """How much one feature counts."""

    feature: str
    value: float
    """Mean absolute attribution over the rows of the window, in units of the answer."""
    share: float
    """Its part of the sum over all features, 0 to 1."""
    rank: int
    """1 for the one that counts most."""
    baseline: float | None
    baseline_share: float | None
    baseline_rank: int | None
    """The same in the baseline; None for a feature that it does not have."""


@dataclass(frozen=True, kw_only=True)
class AttributionFacts:
    """All features of a window, those that counted most in the baseline first."""

    ndcg: float
    """How much of the baseline's order of features is left: 1 when it is the same."""
    minimum_ndcg: float
    rows: int
    """Rows of the window that attributions were computed for."""
    method: str
    features: tuple[Attribution, ...]
