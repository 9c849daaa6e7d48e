"""whylogs: a profile of each file, then its drift scores of two profiles."""

from collections.abc import Iterable

import pandas as pd
import whylogs as why
from measured import CATEGORICAL, NUMERIC, measure
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


def _compare(reference: str, current: str) -> Iterable[str]:
    before, now = (why.log(pandas=pd.read_parquet(path)).profile().view() for path in (reference, current))
    scores = calculate_drift_scores(target_view=now, reference_view=before, with_thresholds=True)
    return [name for name in NUMERIC + CATEGORICAL if (scores.get(name) or {}).get("drift_category") == "DRIFT"]


measure(_compare)
