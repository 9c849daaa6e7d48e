"""Decodes payloads that were captured in BASE64, all of a block at once."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FILL: Final = ord("=")
_NONE: Final = 0xFFFF
"""Stands in `_PAIRS` for two characters that are not both of the alphabet: 12 bits never have all of 16 set."""


def _pairs() -> NDArray[np.uint16]:
    """Two characters, as a little-endian number → the 12 bits that they stand for; `=` as if it were a zero."""
    single = np.full(256, _NONE, np.uint16)
    single[np.frombuffer(_ALPHABET, np.uint8)] = np.arange(64)
    single[_FILL] = 0
    first, second = single[None, :], single[:, None]
    return np.where((first == _NONE) | (second == _NONE), _NONE, (first << 6) | second).astype(np.uint16).ravel()


_PAIRS: Final = _pairs()


def decoded(data: Any, encodings: Any) -> Any:
    """The payloads' texts: those in BASE64 decoded, None for those that are no text."""
    packed = pc.fill_null(pc.equal(encodings, "BASE64"), False)
    if not pc.any(packed).as_py():
        return data
    if pc.all(packed).as_py() and not data.null_count:
        found = _at_once(data)
        if found is not None:
            return found
    pairs = zip(data.to_pylist(), packed.to_pylist(), strict=True)
    return pa.array([_plain(given) if is_packed else given for given, is_packed in pairs], pa.string())


def _plain(given: str | None) -> str | None:
    try:
        return base64.b64decode(given or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _at_once(data: Any) -> Any:
    """All texts; None if one of them is not as `base64.b64decode` wants it, or is no text."""
    lengths = np.asarray(pc.binary_length(data)).astype(np.int64)
    if (lengths % 4).any() or not (lengths > 0).all():
        return None
    given = np.frombuffer(pc.binary_join(pa.ListArray.from_arrays([0, len(data)], data), "")[0].as_buffer(), np.uint8)
    ends = np.cumsum(lengths)
    fill = (given[ends - 1] == _FILL).astype(np.int64) + (given[ends - 2] == _FILL)
    bits = _PAIRS[given.view("<u2")]
    if (
        np.count_nonzero(given == _FILL) != fill.sum()
        or (bits == _NONE).any()
        or (given[ends - 1][fill == 1] != _FILL).any()
    ):
        return None
    high, low = bits[::2], bits[1::2]
    made = np.empty((len(high), 3), np.uint8)
    made[:, 0] = high >> 4
    made[:, 1] = (high & 15) << 4 | low >> 8
    made[:, 2] = low & 255
    return _texts(made.ravel(), ends // 4 * 3, fill)


def _texts(made: NDArray[np.uint8], ends: NDArray[np.int64], fill: NDArray[np.int64]) -> Any:
    """The texts that end at `ends`, the last one or two bytes of which are there to fill the last three alone."""
    surplus = np.concatenate((ends[fill > 0] - 1, ends[fill > 1] - 2))
    offsets = np.concatenate(([0], ends - np.cumsum(fill))).astype(np.int32)
    content = pa.py_buffer(np.delete(made, surplus))
    texts = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), content)
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return None
    return texts
