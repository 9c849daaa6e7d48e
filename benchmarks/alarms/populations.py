"""Where samples are drawn from: the kit's two real data sets, and thirty features that are hard for a test."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

_ROOT = Path(__file__).resolve().parents[2]
_REAL = {
    "credit": _ROOT / "pipelines" / "credit_risk" / "data" / "german.csv",
    "abalone": _ROOT / "pipelines" / "abalone" / "data" / "abalone.csv",
}
_ROWS = 200_000
"""Of the made population: samples of it are as good as fresh ones."""


@functools.cache
def real(name: str) -> Any:
    """A data set of the kit as a table: `credit` (1,000 rows, 10 columns) or `abalone` (4,177 rows, 9 columns)."""
    return pa.csv.read_csv(_REAL[name])


@functools.cache
def hard() -> Any:
    """Thirty features: heavy tails, many zeros, few values, missing ones, thousands of categories, rare ones."""
    draw = np.random.default_rng(17)
    columns: dict[str, Any] = {}
    for number in range(4):
        columns |= {
            f"normal_{number}": draw.normal(size=_ROWS),
            f"lognormal_{number}": draw.lognormal(0, 1 + number / 2, _ROWS),
            f"zeros_{number}": np.where(draw.random(_ROWS) < 0.6, 0.0, draw.exponential(1, _ROWS)),
            f"whole_{number}": draw.poisson(1 + 3 * number, _ROWS),
            f"missing_{number}": pa.array(draw.normal(size=_ROWS), mask=draw.random(_ROWS) < 0.03 * (number + 1)),
        }
    for number in range(10):
        names = np.array([f"value {place}" for place in range((3, 10, 50, 300, 3000)[number % 5])])
        weights = 1 / np.arange(1, len(names) + 1) ** (1 + number / 10)
        columns[f"text_{number}"] = names[draw.choice(len(names), _ROWS, p=weights / weights.sum())]
    return pa.table(columns)


def sample(population: Any, rows: int, draw: np.random.Generator) -> Any:
    """Rows drawn with replacement, as one record batch."""
    chosen = population.take(pa.array(draw.integers(0, population.num_rows, rows)))
    return chosen.combine_chunks().to_batches()[0]


def shifted(batch: Any, feature: str, by: float) -> Any:
    """The same rows, one numeric feature moved by so many of its own standard deviations."""
    values = batch.column(feature).to_numpy(zero_copy_only=False).astype(float)
    moved = pa.array(values + by * np.nanstd(values), from_pandas=True)
    return batch.set_column(batch.schema.get_field_index(feature), feature, moved)
