"""Puts the rows of captured requests beside their answers, the truth and their names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitor.profile import MIXED
from monitor.reading import packed, payloads
from monitor.reading.answers import predictions
from monitor.reading.reading import Skips
from monitor.reading.records import Records
from monitor.reading.wanted import Wanted

Counts = NDArray[np.int64]
Column = tuple[Any, Any]
"""A field and its array."""


def rows(found: Records, wanted: Wanted, skips: Skips, *, as_json: bool, answer_as_json: bool) -> Iterator[Any]:
    """The rows of records whose requests, and whose answers, are of one kind. What cannot be read is counted."""
    found, table, counts = _requests(found, wanted, skips, as_json=as_json)
    if not len(found):
        return
    field, scores, reasons = predictions(found.texts("output"), answer_as_json, counts)
    if reasons:
        for place, why in reasons.items():
            found.count(np.array([place]), "an unreadable answer", skips, why=why)
        good = np.ones(len(found), bool)
        good[list(reasons)] = False
        table = None if table is None else table.filter(pa.array(np.repeat(good, counts)))
        found, counts = found.kept(pa.array(good)), counts[good]
    if len(found):
        yield _batch(_asked(table), [(field, scores), *_labels(found, counts), *_identity(found, counts, wanted)])


def _requests(found: Records, wanted: Wanted, skips: Skips, *, as_json: bool) -> tuple[Records, Any, Counts]:
    """The records whose requests can be read, their table (None where records have no requests) and rows of each."""
    texts = found.texts("input")
    if texts.null_count == len(texts):
        return found, None, np.ones(len(texts), np.int64)
    if texts.null_count:
        found = found.left_out(pc.is_null(texts), "an answer without its request", skips)
        texts = found.texts("input")
    asked = payloads.json_rows(texts, wanted.columns) if as_json else payloads.csv_rows(texts, wanted.columns)
    for place, why in asked.reasons.items():
        found.count(np.array([place]), "an unreadable request", skips, why=why)
    good = asked.counts > 0
    return (found if good.all() else found.kept(pa.array(good))), asked.table, asked.counts[good]


def _asked(table: Any) -> list[Column]:
    if table is None:
        return []
    columns = table.columns
    return [
        (field, values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
        for field, values in zip(table.schema, columns, strict=True)
    ]


def _batch(asked: list[Column], beside: list[Column]) -> Any:
    own = {field.name for field, _ in beside}
    columns = [(field, array) for field, array in asked if field.name not in own] + beside
    return pa.RecordBatch.from_arrays(
        [array for _, array in columns], schema=pa.schema([field for field, _ in columns])
    )


def _labels(found: Records, counts: Counts) -> list[Column]:
    """The column of the truth; a record of several rows has as many lines of it, or none."""
    given = packed.decoded(found.texts("label"), found.texts("label_encoding"))
    if given.null_count == len(given):
        return []
    encodings = found.texts("label_encoding")
    if (
        (counts != 1).any()
        or pc.any(pc.equal(encodings, "JSON")).as_py()
        or pc.any(pc.match_substring(given, "\n")).as_py()
    ):
        truths = zip(given.to_pylist(), encodings.to_pylist(), counts.tolist(), strict=True)
        given = pa.array([truth for each in truths for truth in _truths(*each)], pa.string())
    given = pc.utf8_trim_whitespace(given)
    for kind in (pa.int64(), pa.float64()):
        try:
            return [(pa.field("label", kind), pc.cast(given, kind))]
        except pa.ArrowInvalid:
            continue
    return [(pa.field("label", pa.string(), metadata=MIXED), given)]


def _truths(given: str | None, encoding: str | None, rows: int) -> list[str | None]:
    if given is None:
        return [None] * rows
    found: list[str | None] = list(given.splitlines())
    if encoding == "JSON":
        try:
            document = payloads.listed(orjson.loads(given))
        except ValueError:
            return [None] * rows
        found = [item if isinstance(item, str) else orjson.dumps(item).decode() for item in document]
    return found if len(found) == rows else [None] * rows


def _identity(found: Records, counts: Counts, wanted: Wanted) -> list[Column]:
    if not wanted.identity:
        return []
    names = pc.coalesce(found.texts("inference_id"), found.texts("event_id"))
    at = times(found.texts("time"))
    if (counts != 1).any():
        places = pa.array(np.repeat(np.arange(len(counts)), counts))
        first = np.repeat(np.cumsum(counts) - counts, counts)
        numbers = pa.array(np.arange(len(places)) - first).cast(pa.string())
        several = pa.array(np.repeat(counts > 1, counts))
        names, at = names.take(places), at.take(places)
        names = pc.if_else(several, pc.binary_join_element_wise(names, numbers, "/"), names)
    return [(pa.field("_id", pa.string()), names), (pa.field("_time", at.type), at)]


def times(texts: Any) -> Any:
    """Inference times, to the millisecond and in UTC; null where the text is none."""
    kind = pa.timestamp("ms", "UTC")
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        return pa.array([_time(given) for given in texts.to_pylist()], kind)


def _time(given: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(given or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
