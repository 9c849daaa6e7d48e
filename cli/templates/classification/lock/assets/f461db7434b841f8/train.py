"""Fits the probability that a subscriber cancels."""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pipelines.evidence import training

TARGET = "cancelled"
CATEGORIES = ["payment", "plan"]
NUMBERS = ["hours_watched", "monthly_price", "months", "support_calls"]  # and not age, which is protected


def fit(rows: pd.DataFrame, *, regularization: float) -> Pipeline:
    """The model trained on ``rows``; ``regularization`` is the inverse strength of its L2 penalty."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encode = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES), ("numbers", numbers, NUMBERS)],
        sparse_threshold=0,
    )
    model = Pipeline([("encode", encode), ("classify", LogisticRegression(C=regularization, max_iter=1000))])
    auc = cross_val_score(model, rows, rows[TARGET], cv=5, scoring="roc_auc").mean()
    print(f"Training on {len(rows)} subscribers; in cross-validation auc={auc:.4f}")
    return model.fit(rows, rows[TARGET])


if __name__ == "__main__":
    sys.exit(training.main(fit, regularization=float))
