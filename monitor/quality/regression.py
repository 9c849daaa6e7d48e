"""Metrics of predictions of a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_DOTS: Final = 1_000
RESIDUAL_BINS: Final = 30
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Labelled rows of a regression."""

    predicted: Floats
    true: Floats

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.true)

    def part(self, chosen: npt.NDArray[np.int64]) -> Errors:
        """These rows alone."""
        return Errors(predicted=self.predicted[chosen], true=self.true[chosen])

    def metrics(self, weights: Floats) -> Mapping[str, Floats]:
        """All metrics of ``monitor.quality.metrics.REGRESSION``, one value a row of ``weights``."""
        rows, error = weights.sum(axis=1), self.predicted - self.true
        squared = weights @ error**2 / rows
        # Of centred values: the square of a large mean would swallow a small spread.
        centred = self.true - self.true.mean()
        spread = weights @ centred**2 / rows - (weights @ centred / rows) ** 2
        known = spread > 1e-12 * np.mean(centred**2)
        left = np.divide(squared, spread, out=np.full_like(squared, np.nan), where=known)
        return {
            "rmse": np.sqrt(squared),
            "mae": weights @ np.abs(error) / rows,
            "r2": 1 - left,
            "mse": squared,
        }

    def dots(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Predicted and true of at most 1,000 rows, evenly taken."""
        chosen = np.linspace(0, self.rows - 1, min(self.rows, MOST_DOTS)).round().astype(np.int64)
        return tuple(self.predicted[chosen].tolist()), tuple(self.true[chosen].tolist())

    def residuals(self) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Edges and counts of a histogram of prediction minus truth."""
        counts, edges = np.histogram(self.predicted - self.true, bins=RESIDUAL_BINS)
        return tuple(edges.tolist()), tuple(counts.tolist())

    def quantiles(self) -> tuple[float, float, float, float, float]:
        """Prediction minus truth at 5, 25, 50, 75 and 95 %."""
        low, quarter, middle, more, high = np.quantile(self.predicted - self.true, _QUANTILES).tolist()
        return low, quarter, middle, more, high
