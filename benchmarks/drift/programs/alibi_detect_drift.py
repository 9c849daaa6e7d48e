"""alibi-detect: TabularDrift, Kolmogorov-Smirnov for numbers and chi-squared for categories, with its correction."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift
from measured import CATEGORICAL, NUMERIC, measure

_NAMES = NUMERIC + CATEGORICAL


def _matrices(before: pd.DataFrame, now: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    for name in CATEGORICAL:
        values = pd.api.types.union_categoricals([before[name].astype("category"), now[name].astype("category")])
        before[name], now[name] = values.codes[: len(before)], values.codes[len(before) :]
    return before[_NAMES].to_numpy(np.float64), now[_NAMES].to_numpy(np.float64)


def _compare(reference: str, current: str) -> Iterable[str]:
    before, now = _matrices(pd.read_parquet(reference), pd.read_parquet(current))
    categories = dict.fromkeys(range(len(NUMERIC), len(_NAMES)))
    detector = TabularDrift(before, p_val=0.05, categories_per_feature=categories)
    found = detector.predict(now, drift_type="feature")["data"]["is_drift"]
    return [name for name, moved in zip(_NAMES, found, strict=True) if moved]


measure(_compare)
