"""Explainability: whether the features that count most for the answers are still those of the baseline."""

from monitor.attribution.judging import judge

__all__ = ["judge"]
