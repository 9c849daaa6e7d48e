"""Fits the probability that an applicant turns out bad, and packs the model with the code that serves it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

LABEL = "bad"
NUMBERS = ["age", "credit_amount", "duration", "job"]
# Sex is carried along so that fairness can be measured, but no applicant is judged by it: it is no input of the model.
CATEGORIES = ["checking_account", "housing", "purpose", "saving_accounts"]


def build(regularization: float) -> Pipeline:
    """The untrained model.

    A logistic regression: in repeated cross-validation on the train rows, boosted trees and forests have 0.01 to 0.02
    more AUC than its 0.74, less than half a fold's standard deviation (0.045), and the cost matrix needs probabilities
    that are calibrated. ``regularization`` is the inverse strength of its L2 penalty.
    """
    encode = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
            ("numbers", StandardScaler(), NUMBERS),
        ],
        sparse_threshold=0,
    )
    return Pipeline([("encode", encode), ("classify", LogisticRegression(C=regularization, max_iter=1000))])


def fit(rows: pd.DataFrame, *, regularization: float, seed: int) -> tuple[Pipeline, float]:
    """The model trained on ``rows`` and its mean AUC over five cross-validation folds drawn by ``seed``."""
    features, label = rows.drop(columns=LABEL), rows[LABEL]
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
    scores = cross_val_score(build(regularization), features, label, cv=folds, scoring="roc_auc")
    return build(regularization).fit(features, label), float(scores.mean())


def main(argv: list[str] | None = None) -> int:
    """Run the step: ``model.joblib`` and ``code/inference.py`` appear in the model folder."""
    options = _options(argv)
    rows = pd.read_csv(options.train / "train.csv", keep_default_na=False)
    model, auc = fit(rows, regularization=options.regularization, seed=options.seed)
    code = options.model_dir / "code"
    code.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, options.model_dir / "model.joblib")
    shutil.copyfile(options.serving / "inference.py", code / "inference.py")
    print(f"Trained on {len(rows)} applicants; cross-validated AUC {auc:.4f}.")
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--regularization", type=float, required=True)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--serving", type=Path, default=os.environ.get("SM_CHANNEL_SERVING"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
