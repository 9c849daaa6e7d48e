"""deepchecks: its check FeatureDrift, on all rows."""

from collections.abc import Iterable

import pandas as pd
from deepchecks.tabular import Dataset
from deepchecks.tabular.checks import FeatureDrift
from measured import CATEGORICAL, NUMERIC, measure

_THRESHOLD = 0.1


def _compare(reference: str, current: str) -> Iterable[str]:
    before, now = (Dataset(pd.read_parquet(path), cat_features=CATEGORICAL) for path in (reference, current))
    check = FeatureDrift(n_samples=None, n_top_columns=len(NUMERIC + CATEGORICAL))
    found = check.run(before, now, with_display=False).value
    return [name for name, each in found.items() if each["Drift score"] > _THRESHOLD]


measure(_compare)
