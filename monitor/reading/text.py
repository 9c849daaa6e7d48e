"""Reads CSV, a block at a time: in each block a column has the narrowest type that fits all its values there."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from monitor.profile import MIXED
from monitor.reading.blocks import WORTH_THREADS, Block, blocks
from monitor.reading.reading import Skips

MISSING: Final = ["", "NA", "N/A", "null", "NULL"]
"""What counts as a missing value. NaN does not: it is a number that is none, and counted as that."""
_DELIMITERS: Final = ",;\t|"
_LINES: Final = 50
_LOOKED_AT: Final = 1 << 16
_COMMA: Final = re.compile(r"\s*[+-]?\d+,\d+\s*")
_POINT: Final = re.compile(r"\s*[+-]?\d+\.\d+\s*")


@dataclass(frozen=True)
class Dialect:
    """How a file writes values."""

    delimiter: str = ","
    decimal: str = "."


_COMMAS: Final = Dialect()


def tables(path: Path, skips: Skips, *, columns: Sequence[str] | None, header: bool) -> Iterator[Any]:
    """The record batches of a CSV file.

    With `header` the first line names the columns, if no value in it is a number; else `columns` does. Values may be
    apart by semicolons, tabs or bars; fractions behind commas are read where they are not by commas.
    """
    names: Sequence[str] | None = None
    written = _COMMAS
    for block in blocks(path, skips, quotes=True):
        if names is None:
            written = _dialect(block.data)
            names, block = _named(block, columns, header=header, written=written)
        if names:
            yield from _table(block, names, skips, written=written)


def _dialect(data: bytes) -> Dialect:
    """By the first lines: the delimiter that most of them have as often as the first, comma before all others."""
    lines = [line for line in data[:_LOOKED_AT].decode(errors="replace").splitlines()[:_LINES] if line.strip()]
    for delimiter in _DELIMITERS:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        width = len(rows[0]) if rows else 1
        if width > 1 and 2 * sum(len(row) == width for row in rows) > len(rows):
            cells = [cell for row in rows for cell in row]
            commas = any(_COMMA.fullmatch(cell) for cell in cells) and not any(_POINT.fullmatch(cell) for cell in cells)
            return Dialect(delimiter, "," if commas and delimiter != "," else ".")
    return _COMMAS


def _named(
    block: Block, columns: Sequence[str] | None, *, header: bool, written: Dialect
) -> tuple[Sequence[str], Block]:
    data = block.data.lstrip(b"\r\n")
    block = Block(data, block.file, block.line + block.data.count(b"\n", 0, len(block.data) - len(data)), block.whole)
    first, _, rest = data.partition(b"\n")
    cells = next(csv.reader([first.decode().rstrip("\r")], delimiter=written.delimiter), [])
    # pandas writes its index under no name.
    names = any(cell.strip() for cell in cells) and not any(_is_number(cell) for cell in cells)
    if list(cells) == list(columns or ()) or (header and names):
        return unlike([cell or f"_c{place}" for place, cell in enumerate(cells)]), Block(
            rest, block.file, block.line + 1, block.whole
        )
    return columns or [f"_c{place}" for place in range(len(cells))], block


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def unlike(names: Sequence[str]) -> list[str]:
    """Column names, each once: a repeated one gets its place as a suffix."""
    seen: set[str] = set()
    unlike = []
    for place, name in enumerate(names):
        unlike.append(f"{name}_{place}" if name in seen else name)
        seen.add(name)
    return unlike


def _table(block: Block, names: Sequence[str], skips: Skips, *, written: Dialect) -> Iterator[Any]:
    wrong: list[Any] = []
    table = parsed(block.data, names, wrong, threads=len(block.data) > WORTH_THREADS, written=written)
    if wrong:
        # Row numbers are known only where one thread reads: worth it for those few blocks.
        wrong.clear()
        table = parsed(block.data, names, wrong, threads=False, written=written)
        for row in wrong:
            why = f"{row.actual_columns} values where {row.expected_columns} belong"
            skips.add("wrong number of values", block.where((row.number or 1) - 1), why=why)
    if table is not None:
        yield from table.combine_chunks().to_batches()


def parsed(
    data: Any, names: Sequence[str], wrong: list[Any], *, threads: bool = True, written: Dialect = _COMMAS
) -> Any:
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
            parse_options=pacsv.ParseOptions(
                delimiter=written.delimiter, newlines_in_values=True, invalid_row_handler=left_out
            ),
            convert_options=pacsv.ConvertOptions(
                null_values=MISSING, strings_can_be_null=True, decimal_point=written.decimal
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return None
        raise
    return table.cast(pa.schema([_marked(field) for field in table.schema]))


def _marked(field: Any) -> Any:
    return field.with_metadata(MIXED) if pa.types.is_string(field.type) else field
