"""What a person reads of the limits that a model met or missed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.evidence.errors import ContractError

TITLES = {
    "accuracy": "Accuracy",
    "auc": "AUC",
    "brier": "Brier score",
    "cost": "Mean cost",
    "mae": "MAE",
    "mse": "MSE",
    "r2": "R²",
    "rmse": "RMSE",
}
"""Metric → how people write it; others are written as they are named."""

_TINY = 0.001
"""What has too few digits that count among six decimals."""


@dataclass(frozen=True)
class Gate:
    """A limit for a metric."""

    metric: str
    side: str
    """``at-least`` or ``at-most``."""
    name: str
    """The pipeline's parameter that holds the limit."""
    limit: float

    def missed_by(self, metrics: Mapping[str, float]) -> float:
        """How far the metric is on the wrong side of the limit; 0 or less when the gate passes."""
        over = metrics[self.metric] - self.limit
        return over if self.side == "at-most" else -over

    def failure(self, metrics: Mapping[str, float]) -> str:
        """The gate, its limit and the distance."""
        title, side = TITLES.get(self.metric, self.metric), "above" if self.side == "at-most" else "below"
        by = self.missed_by(metrics)
        return f"{title} {written(metrics[self.metric])} is {side} {self.name} {self.limit:.12g} by {written(by)}"


def written(value: float) -> str:
    """A metric, or a distance between two, as a text: six decimals, or six digits that count where it is tiny."""
    return f"{value:.6g}" if 0 < abs(value) < _TINY else f"{value:.6f}"


def verdict(gates: Sequence[Gate], metrics: Mapping[str, float]) -> str:
    """Which gates fail and by how much, in one sentence; ContractError for a gate whose metric is not measured."""
    for gate in gates:
        if gate.metric not in metrics:
            raise ContractError(
                f"{gate.name} limits {gate.metric}, which is not measured; there are {', '.join(metrics)}."
            )
    failed = [gate.failure(metrics) for gate in gates if not gate.missed_by(metrics) <= 0]
    return "; ".join(failed) + "." if failed else "All gates pass."


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a program be told gates: ``--gate auc at-least MinAuc 0.7``, any number of times."""
    names = ("METRIC", "SIDE", "NAME", "LIMIT")
    parser.add_argument("--gate", dest="gates", nargs=4, metavar=names, action="append", default=[])


def parsed(words: Sequence[Sequence[str]]) -> list[Gate]:
    """The gates that a program was told."""
    return [Gate(metric, side, name, float(limit)) for metric, side, name, limit in words]
