"""How sure a metric is: its standard deviation over resamples of the rows that it was measured on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

RESAMPLES = 200
FEWEST_ROWS = 200
"""Below, Model Monitor's files say "NaN" for a standard deviation, and so do ours."""
_SEED = 20

Metric = Callable[[np.ndarray], float]
"""Weights, one a row → the metric of rows that count so often."""


def measured(metrics: Mapping[str, Metric], *, rows: int) -> dict[str, dict[str, Any]]:
    """Name → ``value`` of each metric over all rows and its ``standard_deviation``.

    The form is that of Model Monitor's model quality files. The deviation is the bootstrap's: each resample draws as
    many rows as there are, with replacement, the same for all metrics and from run to run.
    """
    values = {name: metric(np.ones(rows)) for name, metric in metrics.items()}
    if rows < FEWEST_ROWS:
        return {name: {"value": value, "standard_deviation": "NaN"} for name, value in values.items()}
    random = np.random.default_rng(_SEED)
    found: dict[str, list[float]] = {name: [] for name in metrics}
    for _ in range(RESAMPLES):
        weights = random.multinomial(rows, np.full(rows, 1 / rows)).astype(float)
        for name, metric in metrics.items():
            found[name].append(metric(weights))
    return {name: {"value": value, "standard_deviation": float(np.std(found[name]))} for name, value in values.items()}
