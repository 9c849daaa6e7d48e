"""Reads Parquet, two halves of the columns at once, a batch ahead of whoever works on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.reading.reading import Skips
from monitor.reading.text import unlike

MOST_ROWS: Final = 1 << 17
"""Of a batch: 30 columns of them are 30 MB."""
_BUFFER_BYTES: Final = 1 << 20
_REPEATED_BYTES: Final = 5
"""A text takes fewer in a file where it refers to a dictionary; alone it takes four for its length."""


def tables(path: Path, skips: Skips) -> Iterator[Any]:
    """The record batches of a Parquet file; texts that repeat themselves come dictionary-encoded."""
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        if len(set(schema.names)) < len(schema.names):
            yield from _by_place(path)
            return
        halves = [names for names in (schema.names[::2], schema.names[1::2]) if names]
        texts = _repeated(metadata, schema)
        # Buffered ahead, Arrow keeps what it has read until the file ends.
        options = {"read_dictionary": texts, "pre_buffer": False, "buffer_size": _BUFFER_BYTES}
        files = [pq.ParquetFile(path, **options) for _ in halves]
        rows = _batch_rows(files[0].metadata)
        streams = [file.iter_batches(rows, columns=names) for file, names in zip(files, halves, strict=True)]
        yield from _joined(streams, schema.names)
    except (pa.ArrowException, OSError) as error:
        skips.add("not readable as Parquet", path.name, why=str(error).splitlines()[0])


def _by_place(path: Path) -> Iterator[Any]:
    """The batches of a file some columns of which have the same name: those get their place as a suffix."""
    for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(MOST_ROWS):
        yield pa.RecordBatch.from_arrays(batch.columns, unlike(batch.schema.names))


def _repeated(metadata: Any, schema: Any) -> list[str]:
    """The columns of texts that repeat themselves; the dictionary of one that does not would grow through a group."""
    found = []
    for place in range(metadata.num_columns):
        name = metadata.schema.column(place).path
        kind = schema.field(name).type if name in schema.names else pa.null()
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            chunks = [metadata.row_group(group).column(place) for group in range(metadata.num_row_groups)]
            stored = sum(chunk.total_uncompressed_size for chunk in chunks)
            if stored < _REPEATED_BYTES * sum(chunk.num_values for chunk in chunks):
                found.append(name)
    return found


def _batch_rows(metadata: Any) -> int:
    """As many as fit into the row groups without a rest: a batch does not go beyond its group's dictionaries."""
    rows = metadata.row_group(0).num_rows if metadata.num_row_groups else 1
    return max(1, math.ceil(rows / math.ceil(max(1, rows) / MOST_ROWS)))


def _joined(streams: list[Iterator[Any]], names: list[str]) -> Iterator[Any]:
    """Batches of all columns, out of the streams of some each; the next ones are read meanwhile."""
    with ThreadPoolExecutor(len(streams)) as pool:
        ahead = [pool.submit(next, stream, None) for stream in streams]
        parts: list[Any] = [None] * len(streams)
        while True:
            for place, stream in enumerate(streams):
                if parts[place] is None:
                    parts[place] = ahead[place].result()
                    ahead[place] = pool.submit(next, stream, None)
            if any(part is None for part in parts):
                return
            rows = min(part.num_rows for part in parts)
            yield _side_by_side([part.slice(0, rows) for part in parts], names)
            parts = [part.slice(rows) if part.num_rows > rows else None for part in parts]


def _side_by_side(parts: list[Any], names: list[str]) -> Any:
    found = {name: values for part in parts for name, values in zip(part.schema.names, part.columns, strict=True)}
    return pa.RecordBatch.from_arrays([found[name] for name in names], names)
