"""Reads JSON payloads that are lists of values, one row each, as the CSV that they nearly are: many at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

_OPENED: Final = re.compile(rb'\s*(?:\{\s*"\w+"\s*:\s*)?(\[\s*\[?)\s*')
_CLOSED: Final = re.compile(rb"\s*\]\s*\]?\s*\}?\s*$")
_STRUCTURE: Final = (b"[", b"]", b"{", b"}", b"\\", b"\r")
"""What may not be left when all that stands around the values is away: in texts it may mean something else in CSV."""


def table(data: bytes, rows: int, columns: Sequence[str] | None) -> Any:
    """The table of `rows` payloads, a line of `data` each; None where they are not simply lists of the same length."""
    values = _bare(data)
    if values is None or values.count(b"\n") != rows - 1:
        return None
    width = values.partition(b"\n")[0].count(b",") + 1
    if columns and len(columns) != width:
        return None
    try:
        found = pacsv.read_csv(
            pa.BufferReader(values),
            read_options=pacsv.ReadOptions(
                column_names=list(columns or [f"_c{place}" for place in range(width)]),
                use_threads=False,
                block_size=len(values) + 1,
            ),
            # Quotation marks stay, and tell texts from numbers; a comma in a text is then a value too many.
            parse_options=pacsv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(
                null_values=["null"], true_values=["true"], false_values=["false"], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None
    arrays = [_unquoted(column.combine_chunks()) for column in found.columns]
    if found.num_rows != rows or any(array is None for array in arrays):
        return None
    return pa.table(arrays, found.column_names)


def _bare(data: bytes) -> bytes | None:
    """The lines without the brackets around their values, if those are the same in all lines."""
    first = data.partition(b"\n")[0]
    opened, closed = _OPENED.match(first), _CLOSED.search(first)
    if not opened or not closed or not data.startswith(opened[0]) or not data.endswith(closed[0]):
        return None
    values = data[len(opened[0]) : len(data) - len(closed[0])].replace(closed[0] + b"\n" + opened[0], b"\n")
    return None if any(each in values for each in _STRUCTURE) else values.replace(b", ", b",")


def _unquoted(values: Any) -> Any:
    """Texts without their quotation marks, other values as they are; None where both are mixed or no JSON."""
    if pa.types.is_string(values.type):
        quoted = pc.and_(pc.starts_with(values, '"'), pc.ends_with(values, '"'))
        bare = pc.utf8_slice_codeunits(values, 1, -1)
        inside = pc.any(pc.match_substring(bare, '"')).as_py()
        return None if inside or pc.any(pc.equal(values, '"')).as_py() or not pc.all(quoted).as_py() else bare
    if pa.types.is_floating(values.type):
        return values if pc.all(pc.is_finite(values)).as_py() is not False else None
    return values if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type) else None
