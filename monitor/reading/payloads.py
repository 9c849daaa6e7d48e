"""Looks into the payloads of requests: texts of CSV or JSON become rows, many payloads at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson
from numpy.typing import NDArray

from monitor.reading import lists, text, values

WRAPPERS: Final = ("instances", "inputs", "features", "predictions", "outputs", "data")
"""Keys under which the rows of a JSON payload stand."""


_SAMPLE: Final = 256
"""Payloads that tell the types of all; others are found out the slow way."""


@dataclass(frozen=True)
class Rows:
    """The rows of some payloads, one payload's after the other's."""

    table: Any
    """A record batch or table."""
    counts: NDArray[np.int64]
    """How many rows each payload has; 0 for one that could not be read."""
    reasons: Mapping[int, str]
    """Payload → why it could not be read."""


def are_json(texts: Any, encodings: Any, types: Any) -> Any:
    """Which payloads are JSON: by their encoding, else by their content type, else by how they begin."""
    known = set(pc.unique(encodings).to_pylist())
    if len(known) == 1 and known <= {"CSV", "JSON"}:
        return pa.array(np.full(len(texts), known == {"JSON"}))
    by_encoding = pc.equal(encodings, "JSON")
    base = pc.equal(encodings, "BASE64")
    said = {kind and kind.partition(";")[0].strip().lower() for kind in pc.unique(types).to_pylist()}
    if known == {"BASE64"} and len(said) == 1 and said <= {"text/csv", "application/json"}:
        return pa.array(np.full(len(texts), said == {"application/json"}))
    by_type = pc.match_substring(types, "json", ignore_case=True)
    csv_type = pc.match_substring(types, "csv", ignore_case=True)
    begins = pc.match_substring_regex(texts, r"^\s*[\[{]")
    by_look = pc.and_(pc.invert(pc.fill_null(csv_type, False)), begins)
    return pc.fill_null(pc.or_(by_encoding, pc.and_(base, pc.or_(pc.fill_null(by_type, False), by_look))), False)


def joined(texts: Any, between: str = "\n") -> bytes:
    """The texts with line ends, or something else, between them."""
    whole = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), between)
    return bytes(whole[0].as_buffer())


def csv_rows(texts: Any, columns: Sequence[str] | None) -> Rows:
    """The rows of CSV payloads without header; a first line that repeats the columns' names is read over."""
    if pc.any(pc.ends_with(texts, "\n")).as_py():
        texts = pc.ascii_rtrim(texts, "\r\n")
    data = joined(texts)
    found = _single(data, len(texts), columns)
    return found if found is not None else _several(texts, columns)


def _single(data: bytes, payloads: int, columns: Sequence[str] | None) -> Rows | None:
    """The rows of payloads that are a line of `data` each; None where it may be otherwise."""
    if b'"' in data or data.count(b"\n") != payloads - 1:
        return None
    wrong: list[Any] = []
    names = columns or [f"_c{place}" for place in range(data.partition(b"\n")[0].count(b",") + 1)]
    table = text.parsed(data, names, wrong, threads=False)
    if wrong or table is None or table.num_rows != payloads:
        return None
    return Rows(table, np.ones(payloads, np.int64), {})


def _several(texts: Any, columns: Sequence[str] | None) -> Rows:
    if pc.any(pc.match_substring(texts, "\n")).as_py():
        texts = pc.ascii_trim(texts, "\r\n")
        header = re.escape(",".join(columns or ()))
        texts = pc.replace_substring_regex(texts, f"^{header}\r?\n", "") if columns else texts
    data = joined(texts)
    counts, reasons = _quoted(texts, columns) if b'"' in data else _unquoted(texts, columns)
    width = len(columns) if columns else _width(texts, counts)
    if reasons:
        data = joined(texts.filter(pa.array(counts > 0)))
    wrong: list[Any] = []
    names = columns or [f"_c{place}" for place in range(width)]
    table = text.parsed(data, names, wrong, threads=False) if counts.any() else None
    if wrong or (table is not None and table.num_rows != counts.sum()):
        # Values that are too many in one row and too few in another of the same payload: those are told apart singly.
        counts, reasons = _quoted(texts, names)
        kept = joined(texts.filter(pa.array(counts > 0)))
        table = text.parsed(kept, names, [], threads=False) if counts.any() else None
    return Rows(table, counts, reasons)


def _width(texts: Any, counts: NDArray[np.int64]) -> int:
    first = int(np.flatnonzero(counts)[0]) if counts.any() else 0
    return len(next(csv.reader([texts[first].as_py().split("\n")[0]]), [])) if counts.any() else 0


def _unquoted(texts: Any, columns: Sequence[str] | None) -> tuple[NDArray[np.int64], dict[int, str]]:
    counts = np.asarray(pc.count_substring(texts, "\n")).astype(np.int64) + 1
    commas = np.asarray(pc.count_substring(texts, ",")).astype(np.int64)
    widths = commas // counts + 1
    width = len(columns) if columns else int(np.bincount(widths).argmax())
    wrong = np.flatnonzero((commas != (width - 1) * counts) | (np.asarray(pc.binary_length(texts)) == 0))
    reasons = {int(place): _said(int(widths[place]), width) for place in wrong}
    counts[wrong] = 0
    return counts, reasons


def _said(found: int, expected: int) -> str:
    return f"{found} values where {expected} belong"


def _quoted(texts: Any, columns: Sequence[str] | None) -> tuple[NDArray[np.int64], dict[int, str]]:
    counts, reasons = np.zeros(len(texts), np.int64), {}
    width = len(columns) if columns else 0
    for place, given in enumerate(texts.to_pylist()):
        try:
            rows = [row for row in csv.reader(given.splitlines(keepends=True), strict=True) if row]
        except csv.Error as error:
            reasons[place] = str(error)
            continue
        width = width or len(rows[0]) if rows else width
        other = next((row for row in rows if len(row) != width), None)
        if other is not None or not rows:
            reasons[place] = _said(len(other or []), width)
        else:
            counts[place] = len(rows)
    return counts, reasons


def json_rows(texts: Any, columns: Sequence[str] | None) -> Rows:
    """The rows of JSON payloads: objects, or lists of values in the order of `columns`, singly or in lists.

    They may stand under one of `WRAPPERS`.
    """
    found = _at_once(texts, columns)
    return found if found is not None else _one_by_one(texts, columns)


def _at_once(texts: Any, columns: Sequence[str] | None) -> Rows | None:
    """By Arrow's parsers, if all payloads have the same form and each value the same type in all."""
    found = _parsed(texts)
    if found is None:
        table = lists.table(joined(texts), len(texts), columns)
        return None if table is None else Rows(table, np.ones(len(texts), np.int64), {})
    rows, counts = _unwrapped(found)
    named = _named(rows, columns)
    return None if named is None else Rows(named, counts, {})


def _parsed(texts: Any) -> Any:
    """The JSON documents as one Arrow array; None where their types differ."""
    sample = _documents(texts[:_SAMPLE], None)
    if sample is None:
        return None
    # To be told the types is much quicker than to find them out, and texts that look like times stay texts.
    kind = _plain(sample.type)
    found = _documents(texts, kind)
    if found is None:
        found = _documents(texts, _plain(kind, fractions=True))
    if found is None:
        found = _documents(texts, None)
    return None if found is None else _inner(found)


def _documents(texts: Any, kind: Any) -> Any:
    """The JSON documents, of one type that is known or found out; None where it is not the type of all."""
    data = b'{"_":' + joined(texts, '}\n{"_":') + b"}"
    known = {"explicit_schema": pa.schema([("_", kind)]), "unexpected_field_behavior": "error"} if kind else {}
    try:
        table = pajson.read_json(
            pa.BufferReader(data),
            read_options=pajson.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pajson.ParseOptions(**known),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(texts) or table.column_names != ["_"]:
        return None
    return table.column("_").combine_chunks()


def _plain(kind: Any, *, fractions: bool = False) -> Any:
    """The type with texts for times and, with `fractions`, fractions for whole numbers."""
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type, fractions=fractions)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type, fractions=fractions))
    if pa.types.is_temporal(kind):
        return pa.string()
    return pa.float64() if fractions and pa.types.is_integer(kind) else kind


def _inner(found: Any) -> Any:
    """What stands under one of `WRAPPERS`, if all documents have just that."""
    if pa.types.is_struct(found.type) and found.type.num_fields == 1 and found.type.field(0).name in WRAPPERS:
        return pc.struct_field(found, 0)
    return found


def _unwrapped(found: Any) -> tuple[Any, NDArray[np.int64]]:
    """The rows without what stands around them, and how many each payload has."""
    counts = np.ones(len(found), np.int64)
    if pa.types.is_list(found.type) and not found.null_count:
        inner = found.type.value_type
        if pa.types.is_struct(inner) or pa.types.is_list(inner):
            counts = np.asarray(pc.list_value_length(found)).astype(np.int64)
            found = found.flatten()
    return found, counts


def _named(rows: Any, columns: Sequence[str] | None) -> Any:
    """A table of the rows' values; None where they have no common form."""
    if rows.null_count or not len(rows):
        return None
    if pa.types.is_struct(rows.type):
        if rows.type.num_fields == 1 and rows.type.field(0).name in WRAPPERS:
            return None
        if not rows.type.num_fields or any(pa.types.is_temporal(field.type) for field in rows.type):
            return None  # Arrow takes texts that look like times for times
        return pa.RecordBatch.from_arrays(rows.flatten(), [field.name for field in rows.type])
    if not pa.types.is_list(rows.type):
        return None
    widths = np.asarray(pc.list_value_length(rows))
    width = len(columns) if columns else int(widths[0])
    if (widths != width).any() or not width:
        return None
    flat = rows.flatten()
    arrays = [flat.take(pa.array(np.arange(place, len(flat), width))) for place in range(width)]
    return pa.RecordBatch.from_arrays(arrays, list(columns or [f"_c{place}" for place in range(width)]))


def _one_by_one(texts: Any, columns: Sequence[str] | None) -> Rows:
    counts, reasons = np.zeros(len(texts), np.int64), {}
    rows: list[Mapping[str, Any]] = []
    for place, given in enumerate(texts.to_pylist()):
        try:
            found = [_as_object(row, columns) for row in listed(orjson.loads(given))]
        except ValueError as error:
            reasons[place] = str(error)
            continue
        if not found or not all(found):
            reasons[place] = "no values"
        else:
            rows += found
            counts[place] = len(found)
    names = dict.fromkeys(name for row in rows for name in row)
    table = values.batch({name: [row.get(name) for row in rows] for name in names}) if rows else None
    return Rows(table, counts, reasons)


def listed(document: Any) -> list[Any]:
    """The rows of a payload's document: each an object, a list of values, or a single value."""
    if isinstance(document, Mapping):
        inner = next((document[key] for key in WRAPPERS if isinstance(document.get(key), list | dict)), None)
        return [document] if inner is None else listed(inner)
    if not isinstance(document, list):
        return [document]
    if document and all(isinstance(row, Mapping) for row in document):
        return [listed(row)[0] for row in document]
    return document if document and all(isinstance(row, list) for row in document) else [document]


def _as_object(row: Any, columns: Sequence[str] | None) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    if not isinstance(row, list):
        raise ValueError("neither an object nor a list of values")
    names = columns or [f"_c{place}" for place in range(len(row))]
    if len(row) != len(names):
        raise ValueError(_said(len(row), len(names)))
    return dict(zip(names, row, strict=True))


def json_lists(texts: Any) -> tuple[Any, NDArray[np.int64]] | None:
    """The numbers of JSON texts that are all lists of numbers, or objects with one such list; how many each has."""
    found = _parsed(texts)
    if found is None or not pa.types.is_list(found.type) or found.null_count:
        return None
    numbers = found.flatten()
    if not (pa.types.is_floating(numbers.type) or pa.types.is_integer(numbers.type)):
        return None
    return numbers.cast(pa.float64()), np.asarray(pc.list_value_length(found)).astype(np.int64)
