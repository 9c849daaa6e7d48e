"""Requests without the columns that must not be kept in clear: hashed with a key of the stage's, or left out."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

COLUMNS = "SLUICE_MASKED"
"""The variable of the container's environment that says which: ``{"name": "drop", "age": "hash"}``."""

_HOW = ("hash", "drop")


@dataclass(frozen=True)
class Mask:
    """Which columns are masked, and how."""

    how: Mapping[str, str]

    @classmethod
    def of(cls, environment: Mapping[str, str], *, columns: Iterable[str]) -> Mask:
        """What the environment asks for; ValueError for a column that there is not, or a way that is not known.

        A model whose mask is not understood must not serve: what it was to hide would be kept.
        """
        how: dict[str, str] = json.loads(environment.get(COLUMNS) or "{}")
        known = list(columns)
        for name, way in how.items():
            if name not in known:
                raise ValueError(f"{COLUMNS} names {name!r}, which is no column; the columns are {', '.join(known)}.")
            if way not in _HOW:
                raise ValueError(f"{COLUMNS} has {way!r} for {name!r}; use {' or '.join(_HOW)}.")
        return cls(how)

    def __bool__(self) -> bool:
        """Whether anything is masked."""
        return bool(self.how)

    @property
    def needs_key(self) -> bool:
        """Whether a column is hashed."""
        return "hash" in self.how.values()

    def masked(self, rows: Iterable[Mapping[str, Any]], *, key: bytes) -> str:
        """Rows as CSV without header, their columns in the same order; a column that is dropped is an empty field."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            writer.writerow(self._field(name, value, key) for name, value in row.items())
        return text.getvalue()

    def _field(self, name: str, value: Any, key: bytes) -> str:
        way = self.how.get(name)
        text = "" if way == "drop" else _text(value)
        return hashed(name, text, key=key) if way == "hash" and text else text


def hashed(column: str, text: str, *, key: bytes) -> str:
    """The HMAC-SHA256 of a value, 64 hexadecimal digits.

    The same value of the same column is always the same; whether two columns share one cannot be seen.
    """
    return hmac.new(key, f"{column}\0{text}".encode(), hashlib.sha256).hexdigest()


def _text(value: Any) -> str:
    """A value as one text, however the request wrote it: 31, 31.0 and 3.1e1 are the same number."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
