"""Metrics and curves of a binary classifier whose prediction is the probability of the positive label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.quality.facts import CalibrationBin, Curve

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

CALIBRATION_BINS: Final = 10
MOST_POINTS: Final = 200
CERTAIN: Final = 1.959963984540054
"""How many standard deviations to either side hold 95 % of a normal distribution."""


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Labelled rows from the highest prediction down; rows of one prediction are one group: no threshold parts them."""

    score: Floats
    positive: Floats
    """1 where the label is the positive one, else 0."""
    threshold: float
    """The model tells the positive label of rows whose prediction is above."""
    costs: tuple[float, float]
    """Of one false positive, of one false negative."""

    @classmethod
    def of(
        cls, score: Floats, positive: npt.NDArray[np.bool_], *, threshold: float, costs: tuple[float, float]
    ) -> Decisions:
        """The rows in any order."""
        order = np.argsort(-score, kind="stable")
        return cls(score=score[order], positive=positive[order].astype(np.float64), threshold=threshold, costs=costs)

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.score)

    @property
    def told(self) -> int:
        """How many of them are told to be positive."""
        return int(np.count_nonzero(self.score > self.threshold))

    @property
    def are_probabilities(self) -> bool:
        """Whether all predictions lie from 0 to 1."""
        return self.rows == 0 or bool(self.score[-1] >= 0 and self.score[0] <= 1)

    def part(self, chosen: Indices) -> Decisions:
        """These rows alone."""
        return Decisions(
            score=self.score[chosen], positive=self.positive[chosen], threshold=self.threshold, costs=self.costs
        )

    def metrics(self, weights: Floats) -> Mapping[str, Floats]:
        """All metrics of ``monitor.quality.metrics.BINARY``, one value a row of ``weights``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return {**self._ranking(weights), **self._deciding(weights), **self._probabilities(weights)}

    def counts(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The confusion matrix: truly negative, truly positive; in each told negative, told positive."""
        hits, positives = int(self.positive[: self.told].sum()), int(self.positive.sum())
        false_alarms, negatives = self.told - hits, self.rows - positives
        return (negatives - false_alarms, false_alarms), (positives - hits, hits)

    def roc(self) -> Curve:
        """False positive rate → true positive rate, from the highest threshold down; 200 points at most."""
        hits, false_alarms = self._cumulated()
        return _curve(false_alarms / max(false_alarms[-1], 1), hits / max(hits[-1], 1))

    def precision_recall(self) -> Curve:
        """Recall → precision, from the highest threshold down; 200 points at most."""
        hits, false_alarms = (each[1:] for each in self._cumulated())
        return _curve(hits / max(hits[-1], 1), hits / (hits + false_alarms))

    def calibration(self) -> tuple[CalibrationBin, ...]:
        """Groups of about as many rows by rising prediction; those of one prediction stay together."""
        score, positive = self.score[::-1], self.positive[::-1]
        cuts = np.searchsorted(score, score[np.arange(1, CALIBRATION_BINS) * self.rows // CALIBRATION_BINS])
        parts = np.split(np.arange(self.rows), np.unique(cuts))
        return tuple(_bin(score[part], positive[part]) for part in parts if len(part))

    def _ends(self) -> Indices:
        """The last row of each group of one prediction."""
        return np.flatnonzero(np.append(self.score[1:] != self.score[:-1], True))

    def _cumulated(self) -> tuple[Floats, Floats]:
        """Positives and negatives found at each threshold, beginning with none."""
        ends = self._ends()
        hits = np.cumsum(self.positive)[ends]
        return np.append(0.0, hits), np.append(0.0, ends + 1.0 - hits)

    def _ranking(self, weights: Floats) -> dict[str, Floats]:
        ends = self._ends()
        hits = np.cumsum(weights * self.positive, axis=1)[:, ends]
        found = np.cumsum(weights, axis=1)[:, ends]
        more_hits = np.diff(hits, prepend=0.0)
        more_misses = np.diff(found - hits, prepend=0.0)
        positives, negatives = hits[:, -1], found[:, -1] - hits[:, -1]
        precision = np.divide(hits, found, out=np.zeros_like(hits), where=found > 0)
        return {
            "auc": (more_misses * (hits - more_hits / 2)).sum(axis=1) / (positives * negatives),
            "au_prc": (more_hits * precision).sum(axis=1) / positives,
        }

    def _deciding(self, weights: Floats) -> dict[str, Floats]:
        told = self.told
        hits = weights[:, :told] @ self.positive[:told]
        false_alarms = weights[:, :told].sum(axis=1) - hits
        positives, rows = weights @ self.positive, weights.sum(axis=1)
        misses, negatives = positives - hits, rows - positives
        for_false_alarm, for_miss = self.costs
        return {
            "accuracy": (rows - misses - false_alarms) / rows,
            "precision": _ratio(hits, hits + false_alarms),
            "recall": hits / positives,
            "true_positive_rate": hits / positives,
            "true_negative_rate": 1 - false_alarms / negatives,
            "false_positive_rate": false_alarms / negatives,
            "false_negative_rate": misses / positives,
            **{name: _f(beta, hits, false_alarms, misses) for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))},
            "cost": (for_false_alarm * false_alarms + for_miss * misses) / rows,
        }

    def _probabilities(self, weights: Floats) -> dict[str, Floats]:
        if not self.are_probabilities:
            unknown = np.full(len(weights), np.nan)
            return {"brier": unknown, "calibration_error": unknown}
        rows, gap = weights.sum(axis=1), self.score - self.positive
        binned = np.zeros((self.rows, CALIBRATION_BINS))
        which = np.minimum((self.score * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        binned[np.arange(self.rows), which] = gap
        return {"brier": weights @ gap**2 / rows, "calibration_error": np.abs(weights @ binned).sum(axis=1) / rows}


def best_constant(base_rate: float) -> dict[str, float]:
    """What telling the positive label of every row gives: Model Monitor's ``…_best_constant_classifier``."""
    found = {"recall": 1.0, "precision": base_rate, "accuracy": base_rate}
    for name, square in (("f0_5", 0.25), ("f1", 1.0), ("f2", 4.0)):
        found[name] = (1 + square) * base_rate / (square * base_rate + 1)
    return {f"{name}_best_constant_classifier": value for name, value in found.items()}


def _f(beta: float, hits: Floats, false_alarms: Floats, misses: Floats) -> Floats:
    """The F score in which recall counts ``beta`` times as much as precision."""
    weighted = (1 + beta**2) * hits
    return _ratio(weighted, weighted + beta**2 * misses + false_alarms)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """A share; 0 where there is nothing to have one of, as in Model Monitor's files."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _curve(x: Floats, y: Floats) -> Curve:
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(np.int64))
    return Curve(x=tuple(x[chosen].tolist()), y=tuple(y[chosen].tolist()))


def _bin(score: Floats, positive: Floats) -> CalibrationBin:
    rows, share = len(score), float(positive.mean())
    low, high = wilson(share, rows)
    return CalibrationBin(score=float(score.mean()), share=share, low=low, high=high, rows=rows)


def wilson(share: float, rows: int) -> tuple[float, float]:
    """The ends of the 95 % confidence interval of a share of so many rows (Wilson's score interval)."""
    if not rows:
        return 0.0, 1.0
    square = CERTAIN**2
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    half = CERTAIN / (1 + square / rows) * ((share * (1 - share) + square / (4 * rows)) / rows) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
