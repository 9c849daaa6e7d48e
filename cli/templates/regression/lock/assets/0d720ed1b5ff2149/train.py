"""Fits the rent of a flat."""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from pipelines.evidence import training

TARGET = "rent"
CATEGORIES = ["balcony", "district"]
NUMBERS = ["area_m2", "built", "floor", "heating_cost", "rooms"]


def fit(rows: pd.DataFrame, *, penalty: float) -> Pipeline:
    """The model trained on ``rows``: ridge regression on all products of two columns, ``penalty`` strong."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encode = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES), ("numbers", numbers, NUMBERS)],
        sparse_threshold=0,
    )
    products = PolynomialFeatures(2, include_bias=False)
    model = Pipeline([("encode", encode), ("products", products), ("regress", Ridge(alpha=penalty))])
    rmse = -cross_val_score(model, rows, rows[TARGET], cv=5, scoring="neg_root_mean_squared_error").mean()
    print(f"Training on {len(rows)} flats; in cross-validation rmse={rmse:.2f}")
    return model.fit(rows, rows[TARGET])


if __name__ == "__main__":
    sys.exit(training.main(fit, penalty=float))
