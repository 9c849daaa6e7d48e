"""Measures the model on the test rows, through the code that will serve it, and says which gates it passes."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

from pipelines.evidence import classification, evaluating
from pipelines.evidence.evaluation import Evaluation

# The data set's own cost matrix (Statlog, German Credit Data): what a wrong decision costs. Right ones are free.
ACCEPTED_BAD, REFUSED_GOOD = 5, 1
# Refuse when the expected cost of accepting, 5 p, is above that of refusing, 1 - p.
THRESHOLD = REFUSED_GOOD / (ACCEPTED_BAD + REFUSED_GOOD)


def measure(probabilities: list[float], applicants: pd.DataFrame, _: pd.DataFrame) -> tuple[Evaluation, dict[str, Any]]:
    """The evaluation of deciding by these probabilities, and what deciding without them would cost."""
    bad = applicants["bad"]
    evaluation = classification.evaluate(
        probabilities, bad, threshold=THRESHOLD, costs=(ACCEPTED_BAD, REFUSED_GOOD), classes=("good", "bad")
    )
    good, bad_ones = (evaluation.more["confusion_matrix"][label] for label in ("0", "1"))
    return evaluation, {
        "decisions": {
            "threshold": THRESHOLD,
            "accepted_good": good["0"],
            "accepted_bad": bad_ones["0"],
            "refused_good": good["1"],
            "refused_bad": bad_ones["1"],
        },
        "trivial_policies": {
            "accept_all": {"cost": ACCEPTED_BAD * float(bad.mean())},
            "refuse_all": {"cost": REFUSED_GOOD * float(1 - bad.mean())},
        },
    }


if __name__ == "__main__":
    sys.exit(evaluating.main(measure, target=lambda bad: 1 - bad))  # the contract's `risk` is 1 where it is good
