"""Splits the rows for training and for the test."""

import argparse
from pathlib import Path

import pandas as pd

ROOT = Path("/opt/ml/processing")

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--train-share", type=float, default=0.8)
    share = parser.parse_args().train_share
    rows = pd.read_csv(next((ROOT / "input").glob("*.csv")), header=None)
    cut = int(len(rows) * share)
    for name, part in {"train": rows[:cut], "test": rows[cut:]}.items():
        (ROOT / name).mkdir(parents=True, exist_ok=True)
        part.to_csv(ROOT / name / f"{name}.csv", header=False, index=False)
