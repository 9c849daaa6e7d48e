"""Reads Model Monitor's JSON lines: an object each, its keys the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.json as pajson

from monitor.reading import values
from monitor.reading.blocks import WORTH_THREADS, Block, blocks
from monitor.reading.reading import Skips


def tables(path: Path, skips: Skips) -> Iterator[Any]:
    """The record batches of a file."""
    for block in blocks(path, skips):
        table = _at_once(block)
        if table is not None:
            yield from table.combine_chunks().to_batches()
        else:
            yield from _line_by_line(block, skips)


def _at_once(block: Block) -> Any:
    try:
        options = pajson.ReadOptions(use_threads=len(block.data) > WORTH_THREADS, block_size=len(block.data) + 1)
        table = pajson.read_json(pa.BufferReader(block.data), read_options=options)
    except pa.ArrowInvalid:
        return None
    odd = any(pa.types.is_temporal(field.type) or pa.types.is_nested(field.type) for field in table.schema)
    return None if odd else table


def _line_by_line(block: Block, skips: Skips) -> Iterator[Any]:
    rows = []
    for place, line in enumerate(block.data.split(b"\n")):
        if not line.strip():
            continue
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            skips.add("not a line of JSON", block.where(place), why=str(error))
            continue
        documents = document if isinstance(document, list) and document else [document]
        if all(isinstance(each, Mapping) for each in documents):
            rows += documents
        else:
            skips.add("not a line of JSON", block.where(place), why="not a JSON object")
    names = dict.fromkeys(name for row in rows for name in row)
    if rows:
        yield values.batch({name: [row.get(name) for row in rows] for name in names})
