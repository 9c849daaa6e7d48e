"""How far predictions are from the truth: metrics and plots of a regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pipelines.evidence import plots, resampling
from pipelines.evidence.evaluation import Evaluation

KIND = "regression_metrics"


def evaluate(predictions: ArrayLike, truth: ArrayLike, *, quantity: str) -> Evaluation:
    """The evaluation of ``predictions`` against ``truth``, row by row; ``quantity`` names both, with its unit."""
    predicted, true = np.asarray(predictions, dtype=float), np.asarray(truth, dtype=float)
    measured = resampling.measured(_metrics(predicted - true, true), rows=len(true))
    return Evaluation(
        kind=KIND,
        metrics=measured,
        more={},
        rows=len(true),
        plots={
            "predicted": plots.predicted(predicted, true, quantity=quantity, r2=measured["r2"]),
            "residuals": plots.residuals(predicted, predicted - true, quantity=quantity, rmse=measured["rmse"]),
        },
    )


def errors(predictions: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """MAE, MSE, RMSE and R² of predictions to compare a model with."""
    predicted, true = np.asarray(predictions, dtype=float), np.asarray(truth, dtype=float)
    return {name: metric(np.ones(len(true))) for name, metric in _metrics(predicted - true, true).items()}


def _metrics(error: np.ndarray, true: np.ndarray) -> dict[str, resampling.Metric]:
    return {
        "mae": lambda weights: float(np.average(np.abs(error), weights=weights)),
        "mse": lambda weights: float(np.average(error**2, weights=weights)),
        "rmse": lambda weights: float(np.sqrt(np.average(error**2, weights=weights))),
        "r2": lambda weights: _r2(error, true, weights),
    }


def _r2(error: np.ndarray, true: np.ndarray, weights: np.ndarray) -> float:
    """0 where the truth is the same in all rows: a mean is then not exact, and what it leaves is no spread."""
    if np.ptp(true[weights > 0]) == 0:
        return 0.0
    spread = np.average((true - np.average(true, weights=weights)) ** 2, weights=weights)
    return float(1 - np.average(error**2, weights=weights) / spread)
