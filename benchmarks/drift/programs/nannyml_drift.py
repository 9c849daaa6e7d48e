"""NannyML: its calculator of univariate drift, by Jensen-Shannon distance."""

from collections.abc import Iterable

import nannyml as nml
import pandas as pd
from measured import CATEGORICAL, NUMERIC, measure

_NAMES = NUMERIC + CATEGORICAL


def _compare(reference: str, current: str) -> Iterable[str]:
    before, now = pd.read_parquet(reference), pd.read_parquet(current)
    calculator = nml.UnivariateDriftCalculator(column_names=_NAMES, treat_as_categorical=CATEGORICAL, chunk_number=10)
    result = calculator.fit(before).calculate(now).filter(period="analysis").to_df()
    return [name for name in _NAMES if result[name].xs("alert", axis=1, level=-1).to_numpy().any()]


measure(_compare)
