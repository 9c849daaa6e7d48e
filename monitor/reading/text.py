"""Reads CSV, a block at a time: in each block a column has the narrowest type that fits all its values there."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from monitor.profile import MIXED
from monitor.reading.blocks import Block, blocks
from monitor.reading.reading import Skips

MISSING: Final = ["", "NA", "N/A", "null", "NULL"]
"""What counts as a missing value. NaN does not: it is a number that is none, and counted as that."""
_CONVERSION: Final = pacsv.ConvertOptions(null_values=MISSING, strings_can_be_null=True)


def tables(path: Path, skips: Skips, *, columns: Sequence[str] | None, header: bool) -> Iterator[Any]:
    """The record batches of a CSV file.

    With `header` the first line names the columns, if no value in it is a number; else `columns` does.
    """
    names: Sequence[str] | None = None
    for block in blocks(path, skips, quotes=True):
        if names is None:
            names, block = _named(block, columns, header=header)
        if names:
            yield from _table(block, names, skips)


def _named(block: Block, columns: Sequence[str] | None, *, header: bool) -> tuple[Sequence[str], Block]:
    data = block.data.lstrip(b"\r\n")
    block = Block(data, block.file, block.line + block.data.count(b"\n", 0, len(block.data) - len(data)), block.whole)
    first, _, rest = data.partition(b"\n")
    cells = next(csv.reader([first.decode().rstrip("\r")]), [])
    if list(cells) == list(columns or ()) or (header and cells and not any(_is_number(cell) for cell in cells)):
        return _unlike(cells), Block(rest, block.file, block.line + 1, block.whole)
    return columns or [f"_c{place}" for place in range(len(cells))], block


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return not cell.strip()
    return True


def _unlike(names: Sequence[str]) -> list[str]:
    """Column names, each once: a repeated one gets its place as a suffix."""
    seen: set[str] = set()
    unlike = []
    for place, name in enumerate(names):
        unlike.append(f"{name}_{place}" if name in seen else name)
        seen.add(name)
    return unlike


def _table(block: Block, names: Sequence[str], skips: Skips) -> Iterator[Any]:
    wrong: list[Any] = []
    table = parsed(block.data, names, wrong)
    if wrong:
        # Row numbers are known only where one thread reads: worth it for those few blocks.
        wrong.clear()
        table = parsed(block.data, names, wrong, threads=False)
        for row in wrong:
            why = f"{row.actual_columns} values where {row.expected_columns} belong"
            skips.add("wrong number of values", block.where((row.number or 1) - 1), why=why)
    if table is not None:
        yield from table.combine_chunks().to_batches()


def parsed(data: Any, names: Sequence[str], wrong: list[Any], *, threads: bool = True) -> Any:
    """The table of headerless CSV; None without rows. Rows with another number of values go to `wrong`.

    Texts are marked as mixed: CSV does not tell a number from a text that looks like one.
    """

    def left_out(row: Any) -> str:
        wrong.append(row)
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=list(names), use_threads=threads, block_size=len(data) + 1),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=left_out),
            convert_options=_CONVERSION,
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return None
        raise
    return table.cast(pa.schema([_marked(field) for field in table.schema]))


def _marked(field: Any) -> Any:
    return field.with_metadata(MIXED) if pa.types.is_string(field.type) else field
