"""Clarify's explanations: how much each feature moves the answers, by Shapley values over an endpoint's answers.

SageMaker Developer Guide, "Feature Attributions that Use Shapley Values". The values are estimated by taking features
over from a request into a background row one by one, in random orders and their reverses (Štrumbelj and Kononenko,
"Explaining prediction models and individual predictions with feature contributions", 2014): KernelSHAP reckons the same
values by a regression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from monitor import attribution
from monitor.attribution import documents
from monitor.clarify.config import BadConfig, Config
from monitor.files import ANALYSIS
from monitor.judgement import Judgement, Monitor, Outcome
from monitor.policy import ExplainabilityPolicy

Row = Sequence[Any]
Score = Callable[[Sequence[Row]], npt.NDArray[np.float64]]
"""Rows of features → the answer to each."""
Floats = npt.NDArray[np.float64]

MOST_ROWS: Final = 100
ORDERS: Final = 8
"""So many orders of the features are tried for each request: half of them and their reverses."""
_MOST_AT_ONCE: Final = 5_000
_SEED: Final = 20
_AGGREGATED: Final[Mapping[str, Callable[[Floats], Floats]]] = {
    "mean_abs": lambda values: np.abs(values).mean(axis=0),
    "median": lambda values: np.median(values, axis=0),
    "mean_sq": lambda values: np.square(values).mean(axis=0),
}


def analyse(
    table: pa.Table, config: Config, score: Score, *, policy: ExplainabilityPolicy, baseline: Mapping[str, Any] | None
) -> Judgement:
    """Explain the requests of a table and hold the order of the features to an earlier analysis, if there is one.

    Raises BadConfig.
    """
    names = [name for name in config.features if name in table.column_names]
    if not names:
        raise BadConfig("headers names no column of the data.")
    rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    background = _background(config, names)
    chance = np.random.default_rng(_SEED)
    taken = rows if len(rows) <= MOST_ROWS else [rows[at] for at in chance.choice(len(rows), MOST_ROWS, replace=False)]
    values = shapley(score, taken, background=background, chance=chance)
    how = str(config.shap.get("agg_method", "mean_abs"))
    if how not in _AGGREGATED:
        raise BadConfig(f"agg_method {how!r} is none of {', '.join(_AGGREGATED)}.")
    told = dict(zip(names, _AGGREGATED[how](values).tolist(), strict=True))
    expected = float(score(background).mean())
    document = {
        "version": "1.0",
        "explanations": {"kernel_shap": {documents.LABEL: {"global_shap_values": told, "expected_value": expected}}},
    }
    if baseline is None:
        return Judgement(
            monitor=Monitor.EXPLAINABILITY,
            outcome=Outcome.COMPLETED,
            reason="A first analysis.",
            rows=len(taken),
            files={ANALYSIS: document},
        )
    return attribution.judge(document, baseline=baseline, policy=policy, rows=len(taken), minimum_rows=1)


def shapley(score: Score, rows: Sequence[Row], *, background: Sequence[Row], chance: np.random.Generator) -> Floats:
    """The attribution of each feature (columns) to the answer to each row; they sum to the answer's difference."""
    features = len(background[0])
    found = np.zeros((len(rows), features))
    most = max(1, _MOST_AT_ONCE // (ORDERS * (features + 1)))
    for first in range(0, len(rows), most):
        part = rows[first : first + most]
        half = [[chance.permutation(features) for _ in range(ORDERS // 2)] for _ in part]
        orders = [[each for order in few for each in (order, order[::-1])] for few in half]
        starts = chance.integers(len(background), size=(len(part), ORDERS))
        asked = [
            step
            for row, few, begins in zip(part, orders, starts, strict=True)
            for order, start in zip(few, begins, strict=True)
            for step in _steps(row, background[start], order)
        ]
        gains = np.diff(score(asked).reshape(len(part), ORDERS, features + 1), axis=-1)
        for at, few in enumerate(orders):
            for order, gain in zip(few, gains[at], strict=True):
                found[first + at, order] += gain / ORDERS
    return found


def _steps(row: Row, start: Row, order: npt.NDArray[np.int64]) -> list[Row]:
    """The background row as it becomes the row, feature by feature."""
    current = list(start)
    steps: list[Row] = [tuple(current)]
    for feature in order:
        current[feature] = row[feature]
        steps.append(tuple(current))
    return steps


def _background(config: Config, names: Sequence[str]) -> list[Row]:
    given = config.shap.get("baseline")
    if not isinstance(given, list) or not given or any(len(row) != len(names) for row in given):
        raise BadConfig(f"shap.baseline is no list of rows of {len(names)} values, one for each feature.")
    return [tuple(row) for row in given]
