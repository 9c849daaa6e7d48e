"""Great Expectations: the divergence of each column from a partition of the reference, one expectation a column."""

from collections.abc import Iterable

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
from measured import CATEGORICAL, NUMERIC, measure

_THRESHOLD = 0.1


def _partition(values: pd.Series) -> dict[str, list[object]]:
    if values.dtype.kind in "if":
        weights, bins = np.histogram(values, bins=20)
        return {"bins": bins.tolist(), "weights": (weights / weights.sum()).tolist()}
    shares = values.value_counts(normalize=True)
    return {"values": shares.index.tolist(), "weights": shares.tolist()}


def _compare(reference: str, current: str) -> Iterable[str]:
    before, now = pd.read_parquet(reference), pd.read_parquet(current)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = gx.ExpectationSuite(
        name="drift",
        expectations=[
            gxe.ExpectColumnKLDivergenceToBeLessThan(
                column=name,
                partition_object=_partition(before[name]),
                threshold=_THRESHOLD,
                tail_weight_holdout=0.001 if name in NUMERIC else 0,
                internal_weight_holdout=0.001 if name in NUMERIC else 0,
            )
            for name in NUMERIC + CATEGORICAL
        ],
    )
    batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    checked = batch.get_batch(batch_parameters={"dataframe": now}).validate(suite)
    return [r.expectation_config.kwargs["column"] for r in checked.results if not r.success]


measure(_compare)
