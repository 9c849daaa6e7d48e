"""How sure a metric is: its standard deviation over samples of as many rows from where these rows came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES: Final = 200
FEWEST_ROWS: Final = 20
"""Below, resamples say little about other samples."""
MOST_RESAMPLED: Final = 20_000
"""With more rows the metric of separate blocks tells the same as resamples, in the time of one pass."""
BLOCKS: Final = 50
CELLS: Final = 2_000_000
"""Weights in memory at once: 16 MB."""
_SEED: Final = 20


class Sample(Protocol):
    """Rows whose metrics can be computed under weights."""

    @property
    def rows(self) -> int:
        """How many."""

    def metrics(self, weights: Floats) -> Mapping[str, Floats]:
        """Name → one value for each row of ``weights`` (resamples by rows); NaN where the metric is undefined."""

    def part(self, chosen: npt.NDArray[np.int64]) -> Self:
        """The sample of these rows alone, given in rising order."""


def values(sample: Sample) -> dict[str, float]:
    """The metrics of all rows, each counted once; NaN where undefined."""
    return {name: float(found[0]) for name, found in sample.metrics(np.ones((1, sample.rows))).items()}


def deviations(sample: Sample) -> dict[str, float]:
    """Name → standard deviation; NaN where it cannot be told. The same from run to run.

    By the bootstrap up to 20,000 rows; with more, from the metrics of 50 blocks of rows drawn at random.
    """
    if sample.rows < FEWEST_ROWS:
        return dict.fromkeys(values(sample), math.nan)
    random = np.random.default_rng(_SEED)
    if sample.rows <= MOST_RESAMPLED:
        return {name: _deviation(found) for name, found in _resampled(sample, random).items()}
    found = _of_blocks(sample, random)
    return {name: _deviation(each) / math.sqrt(BLOCKS) for name, each in found.items()}


def _resampled(sample: Sample, random: np.random.Generator) -> dict[str, Floats]:
    rows, at_once = sample.rows, max(1, CELLS // sample.rows)
    parts: list[Mapping[str, Any]] = []
    for start in range(0, RESAMPLES, at_once):
        drawn = random.multinomial(rows, np.full(rows, 1 / rows), size=min(at_once, RESAMPLES - start))
        parts.append(sample.metrics(drawn.astype(np.float64)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_blocks(sample: Sample, random: np.random.Generator) -> dict[str, Floats]:
    blocks = np.array_split(random.permutation(sample.rows), BLOCKS)
    parts = [values(sample.part(np.sort(block))) for block in blocks]
    return {name: np.array([part[name] for part in parts]) for name in parts[0]}


def _deviation(found: Floats) -> float:
    """NaN when most resamples have no value: what the others say is no spread."""
    known = found[np.isfinite(found)]
    return float(known.std(ddof=1)) if len(known) > len(found) / 2 else math.nan
