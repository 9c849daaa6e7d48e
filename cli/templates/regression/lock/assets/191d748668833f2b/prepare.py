"""Checks the file against contract.json, and splits it into train and test rows."""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.model_selection import train_test_split

from pipelines.evidence import preparing

TARGET = "rent"


def split(rows: pd.DataFrame, test_share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test rows at random: the target first, then the features."""
    table = rows[[TARGET, *rows.columns.drop(TARGET)]]
    train, test = train_test_split(table, test_size=test_share, random_state=seed)
    return train.sort_index(), test.sort_index()


if __name__ == "__main__":
    sys.exit(preparing.main(split))
