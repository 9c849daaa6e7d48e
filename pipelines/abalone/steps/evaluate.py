"""Measures the model on the test rows, through the code that will serve it, and against what is said without it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evidence import evaluating, regression
from pipelines.evidence.evaluation import Evaluation

RINGS = "rings"
BEST_MEASURE = "shell_weight"
"""The measure from which rings can be told best, if one has only one."""


def measure(predictions: list[float], test: pd.DataFrame, train: pd.DataFrame) -> tuple[Evaluation, dict[str, Any]]:
    """The evaluation, and the errors of saying the same of all and of a straight line through the best measure."""
    slope, start = np.polyfit(train[BEST_MEASURE], train[RINGS], 1)
    line = regression.errors(start + slope * test[BEST_MEASURE], test[RINGS])
    constant = regression.errors(np.full(len(test), train[RINGS].mean()), test[RINGS])
    return regression.evaluate(predictions, test[RINGS], quantity="rings"), {
        "without_model": {"mean_of_train_rows": constant, f"line_through_{BEST_MEASURE}": line}
    }


if __name__ == "__main__":
    sys.exit(evaluating.main(measure))
