"""The values of a column as texts or numbers, however they were written: ``1``, ``1.0`` and ``"1"`` are one label."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def canonical(value: object) -> str:
    """The text of one label: numbers without needless digits, texts without blanks around; empty for none at all."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(int(value))
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return "" if math.isnan(number) else text
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The canonical texts of a column of labels, as a string array with nulls where there is no value."""
    whole = combined(column)
    encoded = whole if pa.types.is_dictionary(whole.type) else pc.dictionary_encode(whole)
    written = [canonical(value) or None for value in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(written, pa.string()), encoded.indices)


def numbers(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """A column as floating point; NaN where there is no number."""
    whole = combined(column)
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    if pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type):
        encoded = pc.dictionary_encode(whole)
        parsed = pa.array([_number(text) for text in encoded.dictionary.to_pylist()], pa.float64())
        whole = pc.take(parsed, encoded.indices)
    if not is_number(whole.type):
        return np.full(len(whole), np.nan)
    return np.array(pc.fill_null(whole.cast(pa.float64()), math.nan))


def combined(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def is_number(kind: pa.DataType) -> bool:
    """Whether the values of a type are numbers, or truth values, which count as such."""
    return any(test(kind) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean))


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
