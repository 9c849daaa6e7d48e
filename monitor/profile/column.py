"""What is known of one column after one pass: what is missing, of which types the values are, numbers and texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.profile.bins import Floats
from monitor.profile.categories import Categories
from monitor.profile.numbers import Numbers

Type = Literal["Integral", "Fractional", "String", "Unknown"]
"""The types that Model Monitor infers."""

MIXED: Final = {b"values": b"mixed"}
"""The metadata of a field of texts some of which are numbers written out: those count as numbers."""
_GROUPS: Final = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
"""Thousands may be apart by commas."""
_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(inf|Inf|INF|infinity|Infinity|nan|NaN|NAN)$"


@dataclass
class Column:
    """One column. Boolean values and times are texts; nested and binary values are of type Unknown and only counted."""

    rows: int = 0
    """The rows of the batches that had this column."""
    missing: int = 0
    """Nulls among them; NaN is not missing, `numbers` counts it."""
    unknown: int = 0
    """Values that are neither number nor text."""
    numbers: Numbers = field(default_factory=Numbers)
    texts: Categories = field(default_factory=Categories)

    @property
    def present(self) -> int:
        """The rows with a value."""
        return self.rows - self.missing

    @property
    def completeness(self) -> float:
        """The share of rows with a value that is not NaN, as pandas counts; 1 without rows."""
        return (self.present - self.numbers.nan) / self.rows if self.rows else 1.0

    @property
    def types(self) -> dict[Type, int]:
        """How many values are of each type. A number without fraction is Integral, however it is written; so 3.0 is."""
        whole = self.numbers.whole
        return {
            "Integral": whole,
            "Fractional": self.numbers.count - whole + self.numbers.infinite,
            "String": self.texts.total,
            "Unknown": self.unknown,
        }

    @property
    def inferred_type(self) -> Type:
        """The type of most values: numbers, texts or neither; Integral if all numbers are whole."""
        types = self.types
        numbers = types["Integral"] + types["Fractional"]
        most = max(numbers, types["String"], types["Unknown"])
        if not most or most == types["Unknown"]:
            return "Unknown"
        if most == types["String"]:
            return "String"
        return "Fractional" if types["Fractional"] else "Integral"

    @property
    def numeric(self) -> bool:
        """Whether most values are numbers."""
        return self.inferred_type in ("Integral", "Fractional")

    def add(self, values: Any, *, mixed: bool = False) -> None:
        """Take in an Arrow array; with `mixed`, texts that are written numbers count as numbers."""
        self.rows += len(values)
        self.missing += values.null_count
        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            self.numbers.add(_floats(values))
        elif _is_text(kind):
            self._add_mixed(values) if mixed else self.texts.add(values)
        elif pa.types.is_boolean(kind) or pa.types.is_temporal(kind):
            self.texts.add(values.cast(pa.string()))
        else:
            self.unknown += len(values) - values.null_count

    def _add_mixed(self, values: Any) -> None:
        encoded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
        trimmed = pc.utf8_trim_whitespace(encoded.dictionary)
        grouped = pc.match_substring_regex(trimmed, _GROUPS)
        if pc.any(grouped).as_py():
            trimmed = pc.if_else(grouped, pc.replace_substring(trimmed, ",", ""), trimmed)
        written = pc.match_substring_regex(trimmed, _NUMBER)
        if not pc.any(written).as_py():
            self.texts.add(encoded)
            return
        numbers = pc.if_else(written, trimmed, None).cast(pa.float64())
        self.numbers.add(_floats(numbers.take(encoded.indices)))
        self.texts.add(pc.if_else(written, None, encoded.dictionary).take(encoded.indices))

    def merge(self, other: Column) -> None:
        """Take in what is known of `other`, which stays as it is."""
        self.rows += other.rows
        self.missing += other.missing
        self.unknown += other.unknown
        self.numbers.merge(other.numbers)
        self.texts.merge(other.texts)


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _floats(values: Any) -> Floats:
    """The values that are there, as float64; whole numbers beyond 2^53 lose digits, as they do in pandas."""
    if values.null_count:
        values = values.drop_null()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_float64(values.type):
        found = values.to_numpy(zero_copy_only=False)
    elif pa.types.is_decimal(values.type):
        found = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    else:
        found = values.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.ascontiguousarray(found, dtype=np.float64)
