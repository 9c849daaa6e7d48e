"""The tables that all compare: 20 numeric and 10 categorical columns of the kinds that models see, as Parquet."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drift.programs.measured import CATEGORICAL, NUMERIC

ROWS_PER_GROUP = 125_000
MOVED = ("c03", "n02", "n07")
"""The columns that differ between reference and current: all others are drawn alike."""
KEY = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
"""Which tables these are: those of another version of this file are written anew."""


def write(path: Path, *, rows: int, moved: bool, seed: int) -> None:
    """Write ``rows`` rows, group by group; with ``moved`` two numbers and one category have shifted."""
    random = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, ROWS_PER_GROUP):
        table = _group(random, min(ROWS_PER_GROUP, rows - start), moved=moved)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def repeat(source: Path, path: Path, *, times: int) -> None:
    """Write the row groups of a table again and again."""
    file = pq.ParquetFile(source)
    with pq.ParquetWriter(path, file.schema_arrow) as writer:
        for _ in range(times):
            for group in range(file.num_row_groups):
                writer.write_table(file.read_row_group(group))


def _group(random: np.random.Generator, rows: int, *, moved: bool) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for number, name in enumerate(NUMERIC):
        columns[name] = pa.array(_numbers(random, rows, kind=number % 4, shift=moved and name in MOVED))
    for number, name in enumerate(CATEGORICAL):
        distinct = (2, 4, 8, 15, 30, 60, 120, 250, 500, 1000)[number]
        weights = 1.0 / np.arange(1, distinct + 1) ** (0.4 if moved and name in MOVED else 0.8)
        codes = random.choice(distinct, size=rows, p=weights / weights.sum()).astype(np.int32)
        values = pa.array([f"category {code} of {name}" for code in range(distinct)])
        columns[name] = pa.DictionaryArray.from_arrays(codes, values).cast(pa.string())
    return pa.table(columns)


def _numbers(random: np.random.Generator, rows: int, *, kind: int, shift: bool) -> np.ndarray:
    """Amounts, ages, measurements and shares."""
    by = 0.5 if shift else 0.0
    if kind == 0:
        return np.round(np.exp(random.normal(7 + by, 1, rows)), 2)
    if kind == 1:
        return np.clip(random.normal(40 + 10 * by, 12, rows), 18, 99).round()
    if kind == 2:
        return random.normal(by, 1, rows)
    return random.beta(2, 5 - by, rows)
