"""Makes columns of values of which nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from monitor.profile import MIXED


def column(name: str, values: Sequence[Any]) -> tuple[Any, Any]:
    """A field and an array of JSON values: numbers, booleans or texts where all are; else texts, marked as mixed.

    Lists and objects become binary JSON, which a profile counts as of unknown type.
    """
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {int, float}:
        array = pa.array([None if value is None else float(value) for value in values], pa.float64())
        if float not in kinds:
            array = _as_whole(values, array)
    elif kinds == {bool}:
        array = pa.array(values, pa.bool_())
    elif kinds & {list, dict}:
        array = pa.array([None if value is None else orjson.dumps(value) for value in values], pa.binary())
    else:
        array = pa.array([None if value is None else _text(value) for value in values], pa.string())
    mixed = len(kinds) > 1 and pa.types.is_string(array.type)
    return pa.field(name, array.type, metadata=MIXED if mixed else None), array


def _as_whole(values: Sequence[Any], floats: Any) -> Any:
    try:
        return pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        return floats


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def batch(columns: dict[str, Sequence[Any]]) -> Any:
    """A record batch of columns of JSON values."""
    made = [column(name, values) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays([array for _, array in made], schema=pa.schema([field for field, _ in made]))
