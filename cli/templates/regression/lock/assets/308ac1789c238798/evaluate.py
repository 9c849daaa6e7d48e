"""Measures the model on the test rows, through the code that will serve it, and says which gates it passes."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

from pipelines.evidence import evaluating, regression
from pipelines.evidence.evaluation import Evaluation

TARGET = "rent"


def measure(predictions: list[float], test: pd.DataFrame, train: pd.DataFrame) -> tuple[Evaluation, dict[str, Any]]:
    """The evaluation on the test rows; what the second member holds is added to evaluation.json."""
    same = [float(train[TARGET].mean())] * len(test)  # what can be said of every flat without a model
    evaluation = regression.evaluate(predictions, test[TARGET], quantity="rent in euros")
    return evaluation, {"without_model": regression.errors(same, test[TARGET])}


if __name__ == "__main__":
    sys.exit(evaluating.main(measure))
