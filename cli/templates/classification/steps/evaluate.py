"""Measures the model on the test rows, through the code that will serve it, and says which gates it passes."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

from pipelines.evidence import classification, evaluating
from pipelines.evidence.evaluation import Evaluation

TARGET = "cancelled"
THRESHOLD = 0.5


def measure(probabilities: list[float], test: pd.DataFrame, train: pd.DataFrame) -> tuple[Evaluation, dict[str, Any]]:
    """The evaluation on the test rows; what the second member holds is added to evaluation.json."""
    evaluation = classification.evaluate(probabilities, test[TARGET], threshold=THRESHOLD, classes=("stays", "cancels"))
    told = float(train[TARGET].mean())  # what can be said of everybody without a model
    return evaluation, {"without_model": {"brier": float(((test[TARGET] - told) ** 2).mean())}}


if __name__ == "__main__":
    sys.exit(evaluating.main(measure))
