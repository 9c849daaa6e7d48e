"""The limit: every column of both files decoded, numbers summed, the bytes of categories summed, and nothing else."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measured import CATEGORICAL, measure

ROWS_AT_ONCE = 125_000


def _compare(reference: str, current: str) -> Iterable[str]:
    pa.set_cpu_count(2)
    for path in (reference, current):
        file = pq.ParquetFile(path, read_dictionary=CATEGORICAL)
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=True):
            for column in batch.columns:
                _sum(column)
    return ()


def _sum(column: pa.Array) -> float:
    if isinstance(column, pa.DictionaryArray):
        lengths = pc.binary_length(column.dictionary).to_numpy(zero_copy_only=False)
        return int(lengths[column.indices.to_numpy(zero_copy_only=False)].sum())
    return float(np.sum(column.to_numpy(zero_copy_only=False)))


if __name__ == "__main__":
    measure(_compare)
