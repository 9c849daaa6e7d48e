"""Takes captured records apart: lines of JSON become a table of texts, payloads not yet looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson
from numpy.typing import NDArray

from monitor.reading.blocks import Block
from monitor.reading.reading import Skips

_TEXT: Final = pa.string()
_SIDE: Final = pa.struct([("data", _TEXT), ("encoding", _TEXT), ("observedContentType", _TEXT)])
_SCHEMA: Final = pa.schema(
    [
        ("captureData", pa.struct([("endpointInput", _SIDE), ("endpointOutput", _SIDE)])),
        ("groundTruthData", pa.struct([("data", _TEXT), ("encoding", _TEXT)])),
        ("eventMetadata", pa.struct([("eventId", _TEXT), ("inferenceId", _TEXT), ("inferenceTime", _TEXT)])),
    ]
)
_PATHS: Final = {
    "input": ("captureData", "endpointInput", "data"),
    "input_encoding": ("captureData", "endpointInput", "encoding"),
    "input_type": ("captureData", "endpointInput", "observedContentType"),
    "output": ("captureData", "endpointOutput", "data"),
    "output_encoding": ("captureData", "endpointOutput", "encoding"),
    "output_type": ("captureData", "endpointOutput", "observedContentType"),
    "label": ("groundTruthData", "data"),
    "label_encoding": ("groundTruthData", "encoding"),
    "event_id": ("eventMetadata", "eventId"),
    "inference_id": ("eventMetadata", "inferenceId"),
    "time": ("eventMetadata", "inferenceTime"),
}
"""Column → where its text stands in a record (Developer Guide, "Capture data from real-time endpoint")."""


@dataclass(frozen=True)
class Records:
    """The records of a block: a table with the columns of `_PATHS`, and the number of each one's line in the block."""

    table: Any
    lines: NDArray[np.int64]
    block: Block

    def __len__(self) -> int:
        return len(self.lines)

    def kept(self, mask: Any) -> Records:
        """Those for which an Arrow array of booleans is true."""
        chosen = np.asarray(mask)
        return self if chosen.all() else Records(self.table.filter(mask), self.lines[chosen], self.block)

    def left_out(self, mask: Any, reason: str, skips: Skips) -> Records:
        """Leave out and count those for which `mask` is true."""
        chosen = np.flatnonzero(np.asarray(mask))
        if not len(chosen):
            return self
        self.count(chosen, reason, skips)
        return self.kept(pc.invert(mask))

    def count(self, chosen: NDArray[np.int64], reason: str, skips: Skips, *, why: str = "") -> None:
        """Count the records at the places `chosen` as left out."""
        shown = chosen[:5]
        for place in shown:
            skips.add(reason, self.block.where(int(self.lines[place])), why=why)
        if len(chosen) > len(shown):
            skips.add(reason, "", count=len(chosen) - len(shown))

    def with_texts(self, column: str, texts: Any) -> Records:
        """The same records with other texts in a column."""
        place = self.table.column_names.index(column)
        return Records(self.table.set_column(place, column, texts), self.lines, self.block)

    def texts(self, column: str) -> Any:
        """A column as one Arrow array."""
        chunked = self.table.column(column)
        return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()


def records(block: Block, skips: Skips) -> Records:
    """The records of a block. Lines that are no JSON object are left out and counted."""
    found = _at_once(block)
    return found if found is not None else _line_by_line(block, skips)


def _at_once(block: Block) -> Records | None:
    """All lines by Arrow's parser; None where one is no such record, or stands where line numbers would be wrong."""
    data = block.data
    try:
        table = pajson.read_json(
            pa.BufferReader(data),
            read_options=pajson.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pajson.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if table.num_rows != lines:
        return None
    flat = {name: pc.struct_field(table.column(path[0]), list(path[1:])) for name, path in _PATHS.items()}
    return Records(pa.table(flat), np.arange(lines), block)


def _line_by_line(block: Block, skips: Skips) -> Records:
    rows, places = [], []
    lines = block.data.split(b"\n")
    for place, line in enumerate(lines):
        if line.strip():
            why = "not a JSON object"
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                document, why = None, str(error)
            if isinstance(document, Mapping):
                rows.append(row(document))
                places.append(place)
            elif place == len(lines) - 1 and not block.whole:
                skips.add("an unfinished last line", block.where(place), why="the file may still be being written")
            else:
                skips.add("not a line of JSON", block.where(place), why=why)
    return Records(table_of(rows), np.array(places, np.int64), block)


def table_of(rows: Sequence[Mapping[str, str | None]]) -> Any:
    """The table of records that have been taken apart by `row`."""
    return pa.table({name: pa.array([row[name] for row in rows], _TEXT) for name in _PATHS})


def row(document: Mapping[str, Any]) -> dict[str, str | None]:
    """The texts of one record; None for what is not there or no text."""
    return {name: _text_at(document, path) for name, path in _PATHS.items()}


def _text_at(document: Any, path: tuple[str, ...]) -> str | None:
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document if isinstance(document, str) else None
