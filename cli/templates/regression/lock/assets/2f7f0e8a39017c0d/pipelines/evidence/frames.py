"""Prepared rows on their way from step to step: CSV files that read back as they were written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def read(path: Path) -> pd.DataFrame:
    """The rows of a CSV file with header: numbers to the last bit, empty fields as missing values."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")
