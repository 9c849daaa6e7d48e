"""How well probabilities of an outcome tell who meets it: metrics, curves and counts of a binary classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.evidence import curves, plots, resampling
from pipelines.evidence.errors import DataError
from pipelines.evidence.evaluation import Evaluation

KIND = "binary_classification_metrics"


@dataclass(frozen=True)
class Cells:
    """How many rows, or how much weight, of each class are told to be of which."""

    true_negative: float
    false_positive: float
    false_negative: float
    true_positive: float

    @property
    def all(self) -> float:
        """All rows together."""
        return self.true_negative + self.false_positive + self.false_negative + self.true_positive

    def rate(self, name: str) -> float:
        """One of the metrics that follow from the four counts."""
        return _OF_CELLS[name](self)

    def f(self, beta: float) -> float:
        """The F score in which recall counts ``beta`` times as much as precision."""
        hits = (1 + beta**2) * self.true_positive
        return _ratio(hits, hits + beta**2 * self.false_negative + self.false_positive)


_OF_CELLS: Mapping[str, Callable[[Cells], float]] = {
    "accuracy": lambda cells: _ratio(cells.true_positive + cells.true_negative, cells.all),
    "precision": lambda cells: _ratio(cells.true_positive, cells.true_positive + cells.false_positive),
    "recall": lambda cells: _ratio(cells.true_positive, cells.true_positive + cells.false_negative),
    "true_positive_rate": lambda cells: _ratio(cells.true_positive, cells.true_positive + cells.false_negative),
    "true_negative_rate": lambda cells: _ratio(cells.true_negative, cells.true_negative + cells.false_positive),
    "false_positive_rate": lambda cells: _ratio(cells.false_positive, cells.true_negative + cells.false_positive),
    "false_negative_rate": lambda cells: _ratio(cells.false_negative, cells.true_positive + cells.false_negative),
    "f0_5": lambda cells: cells.f(0.5),
    "f1": lambda cells: cells.f(1),
    "f2": lambda cells: cells.f(2),
}


def evaluate(
    scores: Sequence[float],
    labels: Sequence[int],
    *,
    threshold: float = 0.5,
    costs: tuple[float, float] | None = None,
    classes: tuple[str, str] = ("0", "1"),
) -> Evaluation:
    """The evaluation of ``scores``, the probability of label 1 for each row, where a row above ``threshold`` is told 1.

    ``costs`` are those of a row of class 1 that is missed and of a row of class 0 that is taken for one: with them, the
    metric ``cost`` is the mean cost of a row. ``classes`` are the words for labels 0 and 1 in plots.
    """
    score, found = np.asarray(scores, dtype=float), np.unique(np.asarray(labels))
    if set(found) - {0, 1}:
        raise DataError(f"The labels are {', '.join(map(str, found))}; a classifier's are 0 and 1.")
    label = np.asarray(labels, dtype=int)
    cell = 2 * label + (score > threshold)
    ranked = curves.Ranked.of(score, label)

    def cells(weights: np.ndarray) -> Cells:
        return Cells(*(float(weight) for weight in np.bincount(cell, weights=weights, minlength=4)))

    metrics: dict[str, resampling.Metric] = {
        "auc": ranked.auc,
        "brier": lambda weights: float(np.average((score - label) ** 2, weights=weights)),
        **{name: _of_cells(of, cells) for name, of in _OF_CELLS.items()},
    }
    if costs is not None:
        metrics["cost"] = lambda weights: _cost(cells(weights), costs)
    measured = resampling.measured(metrics, rows=len(label))
    counts, rates = cells(np.ones(len(label))), ranked.rates()
    return Evaluation(
        kind=KIND,
        metrics=measured,
        more={"confusion_matrix": _matrix(counts), "receiver_operating_characteristic_curve": rates},
        rows=len(label),
        plots={
            "roc": plots.roc(rates, auc=measured["auc"], counts=counts, threshold=threshold),
            "calibration": plots.calibration(curves.calibration(score, label), brier=measured["brier"]),
            "confusion": plots.confusion(counts, classes=classes, threshold=threshold),
        },
    )


def _matrix(counts: Cells) -> dict[str, dict[str, int]]:
    """True label → told label → rows, as Model Monitor writes it."""
    return {
        "0": {"0": int(counts.true_negative), "1": int(counts.false_positive)},
        "1": {"0": int(counts.false_negative), "1": int(counts.true_positive)},
    }


def _of_cells(of: Callable[[Cells], float], cells: Callable[[np.ndarray], Cells]) -> resampling.Metric:
    return lambda weights: of(cells(weights))


def _cost(cells: Cells, costs: tuple[float, float]) -> float:
    missed, false_alarm = costs
    return _ratio(missed * cells.false_negative + false_alarm * cells.false_positive, cells.all)


def _ratio(part: float, whole: float) -> float:
    """A share; 0 where there is nothing to have one of."""
    return part / whole if whole else 0.0
