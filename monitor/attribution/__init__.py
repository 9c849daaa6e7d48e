"""Explainability: whether the features that count most for the answers are still those of the baseline."""
