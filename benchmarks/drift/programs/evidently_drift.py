"""Evidently's DataDriftPreset, as its documentation runs it: what AWS points users of Model Monitor at."""

from collections.abc import Iterable

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from measured import CATEGORICAL, NUMERIC, measure

_DEFINITION = DataDefinition(numerical_columns=NUMERIC, categorical_columns=CATEGORICAL)


def _compare(reference: str, current: str) -> Iterable[str]:
    before, now = (Dataset.from_pandas(pd.read_parquet(path), _DEFINITION) for path in (reference, current))
    result = Report([DataDriftPreset()]).run(now, before).dict()
    for metric in result["metrics"]:
        column = metric["config"].get("column")
        if column is None:
            continue
        method, threshold = metric["config"]["method"], metric["config"]["threshold"]
        moved = metric["value"] < threshold if "p_value" in method else metric["value"] >= threshold
        if moved:
            yield column


measure(_compare)
