"""Checks the measurements against the data contract, and splits them into train and test rows."""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.model_selection import train_test_split

from pipelines.evidence import preparing

RINGS = "rings"
AGE_GROUPS = 5


def split(rows: pd.DataFrame, test_share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test rows in which the young and the old have the same share: the rings first, then the measures."""
    groups = pd.qcut(rows[RINGS], AGE_GROUPS, labels=False, duplicates="drop")
    table = rows[[RINGS, *rows.columns.drop(RINGS)]]
    train, test = train_test_split(table, test_size=test_share, stratify=groups, random_state=seed)
    return train.sort_index(), test.sort_index()


if __name__ == "__main__":
    sys.exit(preparing.main(split))
