"""Writes Apache Parquet: one row group, optional columns, plain encoding, no compression.

Apache Parquet, "File Format", "Encodings" and `parquet.thrift` (structures in Thrift's compact protocol).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

_MAGIC: Final = b"PAR1"
_PLAIN, _RLE = 0, 3
_OPTIONAL, _UTF8, _TIMESTAMP_MILLIS = 1, 0, 9
_BOOL, _I32, _I64, _BINARY, _LIST, _STRUCT = 2, 5, 6, 8, 9, 12
"""Types of Thrift's compact protocol; 1 is true, 2 is false."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """Values of one type: `string`, `int64`, `double`, `boolean` or `timestamp`; None where a row has none."""

    name: str
    kind: str
    values: Sequence[Any]


@dataclass(frozen=True)
class _Type:
    physical: int
    plain: Callable[[Sequence[Any]], bytes]
    converted: int | None = None


def write(columns: Sequence[Column]) -> bytes:
    """The file that holds the columns, which have the same number of values."""
    body, chunks = bytearray(_MAGIC), []
    for column in columns:
        offset, page = len(body), _page(column)
        body += page
        chunks.append(_chunk(column, offset=offset, size=len(page)))
    rows = len(columns[0].values)
    group = _struct({1: _list(_STRUCT, chunks), 2: _i64(len(body) - len(_MAGIC)), 3: _i64(rows)})
    root = _struct({4: _binary(b"schema"), 5: _i32(len(columns))})
    footer = _struct(
        {
            1: _i32(1),
            2: _list(_STRUCT, [root, *(_element(column) for column in columns)]),
            3: _i64(rows),
            4: _list(_STRUCT, [group]),
            6: _binary(b"sluice"),
        }
    )
    return bytes(body) + footer + struct.pack("<I", len(footer)) + _MAGIC


def _page(column: Column) -> bytes:
    present = [value for value in column.values if value is not None]
    levels = _levels([value is not None for value in column.values])
    data = struct.pack("<I", len(levels)) + levels + _TYPES[column.kind].plain(present)
    header = _struct({1: _i32(len(column.values)), 2: _i32(_PLAIN), 3: _i32(_RLE), 4: _i32(_RLE)})
    return _struct({1: _i32(0), 2: _i32(len(data)), 3: _i32(len(data)), 5: (_STRUCT, header)}) + data


def _levels(present: Sequence[bool]) -> bytes:
    """Definition levels of one bit, in runs."""
    runs: list[tuple[bool, int]] = []
    for level in present:
        if runs and runs[-1][0] == level:
            runs[-1] = (level, runs[-1][1] + 1)
        else:
            runs.append((level, 1))
    return b"".join(_varint(count << 1) + bytes([level]) for level, count in runs)


def _chunk(column: Column, *, offset: int, size: int) -> bytes:
    meta = _struct(
        {
            1: _i32(_TYPES[column.kind].physical),
            2: _list(_I32, [_zigzag(_PLAIN), _zigzag(_RLE)]),
            3: _list(_BINARY, [_text(column.name)]),
            4: _i32(0),
            5: _i64(len(column.values)),
            6: _i64(size),
            7: _i64(size),
            9: _i64(offset),
        }
    )
    return _struct({2: _i64(offset), 3: (_STRUCT, meta)})


def _element(column: Column) -> bytes:
    kind = _TYPES[column.kind]
    fields = {1: _i32(kind.physical), 3: _i32(_OPTIONAL), 4: _binary(column.name.encode())}
    return _struct(fields if kind.converted is None else {**fields, 6: _i32(kind.converted)})


def _bits(values: Sequence[bool]) -> bytes:
    packed = bytearray((len(values) + 7) // 8)
    for number, value in enumerate(values):
        packed[number // 8] |= value << number % 8
    return bytes(packed)


def _strings(values: Sequence[str]) -> bytes:
    encoded = [value.encode() for value in values]
    return b"".join(struct.pack("<I", len(data)) + data for data in encoded)


def _millis(values: Sequence[datetime]) -> bytes:
    return b"".join(struct.pack("<q", int((value - _EPOCH).total_seconds() * 1000)) for value in values)


_TYPES: Final[Mapping[str, _Type]] = {
    "boolean": _Type(0, _bits),
    "int64": _Type(2, lambda values: struct.pack(f"<{len(values)}q", *values)),
    "timestamp": _Type(2, _millis, _TIMESTAMP_MILLIS),
    "double": _Type(5, lambda values: struct.pack(f"<{len(values)}d", *values)),
    "string": _Type(6, _strings, _UTF8),
}


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _zigzag(number: int) -> bytes:
    return _varint(number << 1 if number >= 0 else (-number << 1) - 1)


def _text(value: str) -> bytes:
    return _varint(len(value.encode())) + value.encode()


Field = tuple[int, bytes]


def _i32(number: int) -> Field:
    return _I32, _zigzag(number)


def _i64(number: int) -> Field:
    return _I64, _zigzag(number)


def _binary(data: bytes) -> Field:
    return _BINARY, _varint(len(data)) + data


def _list(kind: int, items: Sequence[bytes]) -> Field:
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return _LIST, head + b"".join(items)


def _struct(fields: Mapping[int, Field]) -> bytes:
    out, last = bytearray(), 0
    for number, (kind, data) in sorted(fields.items()):
        out += bytes([(number - last) << 4 | kind]) + data
        last = number
    return bytes(out) + b"\x00"
