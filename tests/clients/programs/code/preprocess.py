"""Splits the rows, from its input or from where it is told to fetch them, for training and for the test."""

import argparse
from pathlib import Path

import boto3
import pandas as pd

ROOT = Path("/opt/ml/processing")

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--input-data")
    parser.add_argument("--train-share", type=float, default=0.8)
    arguments = parser.parse_args()
    if arguments.input_data:
        bucket, _, key = arguments.input_data.removeprefix("s3://").partition("/")
        file = ROOT / "fetched.csv"
        boto3.resource("s3").Bucket(bucket).download_file(key, str(file))
    else:
        file = next((ROOT / "input").glob("*.csv"))
    rows = pd.read_csv(file, header=None)
    cut = int(len(rows) * arguments.train_share)
    for name, part in {"train": rows[:cut], "test": rows[cut:]}.items():
        (ROOT / name).mkdir(parents=True, exist_ok=True)
        part.to_csv(ROOT / name / f"{name}.csv", header=False, index=False)
