"""Fits a line through the rows, label first, and loads it again where it serves."""

import argparse
import os
import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.linear_model import Ridge


def model_fn(model_dir):
    """The model of an endpoint."""
    return joblib.load(Path(model_dir) / "model.joblib")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha", type=float, default=1.0)
    alpha = parser.parse_args().alpha
    rows = pd.read_csv(Path(os.environ["SM_CHANNEL_TRAIN"]) / "train.csv", header=None).to_numpy()
    model = Ridge(alpha=alpha).fit(rows[:, 1:], rows[:, 0])
    joblib.dump(model, Path(os.environ["SM_MODEL_DIR"]) / "model.joblib")
    sys.stdout.write(f"train-r2={model.score(rows[:, 1:], rows[:, 0]):.4f};\n")
