"""Checks the applicants' file against the data contract, and splits it into train and test rows."""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.model_selection import train_test_split

from pipelines.evidence import preparing

RISK, LABEL = "risk", "bad"


def split(rows: pd.DataFrame, test_share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test rows with the same share of bad applicants: the label (1 = bad), then the features."""
    table = rows.drop(columns=RISK)
    table.insert(0, LABEL, 1 - rows[RISK])
    train, test = train_test_split(table, test_size=test_share, stratify=table[LABEL], random_state=seed)
    return train.sort_index(), test.sort_index()


if __name__ == "__main__":
    sys.exit(preparing.main(split))
