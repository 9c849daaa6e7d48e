"""Measures the model on the rows of the test."""

import json
import tarfile
from pathlib import Path

import joblib
import pandas as pd

ROOT = Path("/opt/ml/processing")

if __name__ == "__main__":
    with tarfile.open(ROOT / "model" / "model.tar.gz") as archive:
        archive.extract("model.joblib", ROOT / "model")
    rows = pd.read_csv(ROOT / "test" / "test.csv", header=None).to_numpy()
    r2 = joblib.load(ROOT / "model" / "model.joblib").score(rows[:, 1:], rows[:, 0])
    (ROOT / "evaluation").mkdir(parents=True, exist_ok=True)
    (ROOT / "evaluation" / "evaluation.json").write_text(json.dumps({"regression_metrics": {"r2": {"value": r2}}}))
