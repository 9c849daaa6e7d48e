"""Prepared rows on their way from step to step: CSV files that read back as they were written."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

_TEXTS = "texts.json"
"""Beside a CSV file: its columns that hold texts. A postal code of digits would come back as a number."""


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write rows, without their index, as a CSV file with header; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, index=False)
    texts = [str(name) for name in rows.columns if not pd.api.types.is_numeric_dtype(rows[name])]
    (path.parent / _TEXTS).write_text(json.dumps(texts), encoding="utf-8")


def read(path: Path) -> pd.DataFrame:
    """The rows that `write` wrote: numbers to the last bit, texts as texts, empty fields as missing values."""
    told = path.parent / _TEXTS  # missing where a step of one's own wrote the rows
    texts = dict.fromkeys(json.loads(told.read_text(encoding="utf-8")) if told.exists() else (), str)
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""], float_precision="round_trip")
