"""Measures the model on the test rows, through the code that will serve it, and says which gates it passes."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

from pipelines.evidence import classification, evaluating
from pipelines.evidence.evaluation import Evaluation

THRESHOLD = 0.5


def measure(probabilities: list[float], cancelled: pd.Series) -> tuple[Evaluation, dict[str, Any]]:
    """The evaluation of these probabilities; what the second member holds is added to evaluation.json."""
    share = float(cancelled.mean())
    evaluation = classification.evaluate(probabilities, cancelled, threshold=THRESHOLD, classes=("stays", "cancels"))
    return evaluation, {"without_model": {"brier": share * (1 - share)}}


if __name__ == "__main__":
    sys.exit(evaluating.main(measure))
