"""The curves of a binary classifier: who is found at which rate of false alarms, and how often it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_POINTS = 200


@dataclass(frozen=True)
class Ranked:
    """Rows from the highest score down; rows of one score are one group, since no threshold parts them."""

    order: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    """Where in the order each group begins."""

    @classmethod
    def of(cls, scores: np.ndarray, labels: np.ndarray) -> Ranked:
        """The rows of these scores, with labels 0 and 1."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        groups = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        return cls(order, labels[order], groups)

    def auc(self, weights: np.ndarray) -> float:
        """The chance that a row of class 1 has a higher score than one of class 0; half of it where they have the same.

        0.5 when a class has no weight at all.
        """
        ones, zeros = self._weights(weights)
        above = np.cumsum(ones) - ones / 2
        pairs = ones.sum() * zeros.sum()
        return float((zeros * above).sum() / pairs) if pairs else 0.5

    def rates(self) -> dict[str, list[float]]:
        """False and true positive rates from the highest threshold to the lowest, 200 points at most."""
        ones, zeros = self._weights(np.ones(len(self.order)))
        true = np.concatenate([[0.0], np.cumsum(ones) / max(ones.sum(), 1)])
        false = np.concatenate([[0.0], np.cumsum(zeros) / max(zeros.sum(), 1)])
        chosen = np.unique(np.linspace(0, len(true) - 1, min(len(true), MOST_POINTS)).round().astype(int))
        return {"false_positive_rates": false[chosen].tolist(), "true_positive_rates": true[chosen].tolist()}

    def _weights(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each group, what its rows of class 1 and those of class 0 weigh."""
        ranked = weights[self.order]
        ones = np.add.reduceat(ranked * self.labels, self.groups)
        return ones, np.add.reduceat(ranked, self.groups) - ones


@dataclass(frozen=True)
class Bin:
    """Rows of about the same score."""

    score: float
    """Their mean score."""
    share: float
    """The share of them that are of class 1."""
    rows: int


def calibration(scores: np.ndarray, labels: np.ndarray, *, bins: int = 10) -> list[Bin]:
    """The rows in groups of about equal size by score, lowest first: a calibrated score is the share of its group.

    Rows of one score stay together: which of them came first in the file says nothing.
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.searchsorted(ranked, ranked[np.arange(1, bins) * len(ranked) // bins])
    parts = [part for part in np.split(order, np.unique(starts)) if len(part)]
    return [Bin(float(scores[part].mean()), float(labels[part].mean()), len(part)) for part in parts]
