"""The metrics of model quality: their names in Model Monitor's files, for people, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Name:
    """One metric."""

    title: str
    better: Literal["higher", "lower"]
    bounds: tuple[float, float] = (0.0, 1.0)
    """No value lies outside."""


_ANY: Final = float("inf")

BINARY: Final = {
    "auc": Name("Area under the ROC curve", "higher"),
    "au_prc": Name("Area under the precision-recall curve", "higher"),
    "f1": Name("F1", "higher"),
    "brier": Name("Brier score", "lower"),
    "cost": Name("Mean cost of a decision", "lower", (0.0, _ANY)),
    "calibration_error": Name("Expected calibration error", "lower"),
    "accuracy": Name("Accuracy", "higher"),
    "precision": Name("Precision", "higher"),
    "recall": Name("Recall", "higher"),
    "f0_5": Name("F0.5", "higher"),
    "f2": Name("F2", "higher"),
    "true_positive_rate": Name("True positive rate", "higher"),
    "true_negative_rate": Name("True negative rate", "higher"),
    "false_positive_rate": Name("False positive rate", "lower"),
    "false_negative_rate": Name("False negative rate", "lower"),
}
"""``brier``, ``cost`` and ``calibration_error`` are ours; the others have Model Monitor's names."""

OF_DECISIONS: Final = frozenset(BINARY) - {"auc", "au_prc", "brier", "calibration_error"}
"""Those that depend on the threshold that decides."""

REGRESSION: Final = {
    "rmse": Name("Root mean squared error", "lower", (0.0, _ANY)),
    "mae": Name("Mean absolute error", "lower", (0.0, _ANY)),
    "r2": Name("R²", "higher", (-_ANY, 1.0)),
    "mse": Name("Mean squared error", "lower", (0.0, _ANY)),
}

COMPARED: Final = {
    "binary-classification": ("auc", "au_prc", "f1", "brier", "cost"),
    "regression": ("rmse", "mae", "r2"),
}
"""What is held to the baseline when a policy names no limits.

The others say the same once more, or cannot be compared between samples of different sizes: the calibration error of
few rows is larger than that of many, whatever the model.
"""


def names(kind: str) -> dict[str, Name]:
    """The metrics of a kind of problem, those that count most first."""
    return REGRESSION if kind == "regression" else BINARY
