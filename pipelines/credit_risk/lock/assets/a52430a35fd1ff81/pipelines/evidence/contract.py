"""The data contract of a model: which columns its rows have and which values they may hold.

The file is a Table Schema of the Frictionless Data specifications (``fields`` with ``name``, ``type`` and
``constraints``) with what a model adds: ``target``, the column to predict; ``protected``, the attributes by which
nobody may be judged; ``fewest``, how many rows each value of the target needs, or how many rows there must be.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.evidence.errors import ContractError, DataError
from pipelines.evidence.table import Table

_MEMBERS = {"title", "description", "fields", "target", "protected", "fewest"}
_FIELD_MEMBERS = {"name", "type", "title", "description", "constraints"}
_CONSTRAINTS = {"required", "enum", "minimum", "maximum", "pattern"}
_BOUNDS = ("minimum", "maximum")
_TYPES: dict[str, tuple[type, str]] = {
    "string": (str, "a text"),
    "integer": (int, "a whole number"),
    "number": (float, "a number"),
}


@dataclass(frozen=True)
class Field:
    """One column of the contract."""

    name: str
    type: str
    constraints: Mapping[str, Any]

    def value(self, text: str) -> Any:
        """The value that ``text`` stands for; None for an empty one. ValueError when it is not of the type."""
        if not text.strip():
            return None
        if self.type != "string" and ("_" in text or not text.isascii()):
            raise ValueError(text)  # Python takes 1_000 and the digits of every script; no other program does
        if self.type == "integer" and not re.fullmatch(r"[+-]?\d+", text):
            raise ValueError(text)  # int() takes blanks around
        value = _TYPES[self.type][0](text)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(text)
        return value

    def refuse(self, column: list[str]) -> None:
        """DataError that names the first text of ``column`` that is not as the field demands."""
        if self.constraints.get("required"):
            _refuse(self.name, column, lambda text: not text.strip(), "is empty; fill it or remove the row")
        for breaks, fault in self._demands():
            _refuse(self.name, column, breaks, fault)

    def _demands(self) -> Iterator[tuple[Callable[[str], bool], str]]:
        """In the order in which they are told: whether a text that is there breaks a demand, and the fault in words."""
        known, pattern = self.constraints.get("enum"), self.constraints.get("pattern")
        lowest, highest = self.constraints.get("minimum"), self.constraints.get("maximum")
        if self.type != "string":
            yield lambda text: not self.takes(text), f"is not {_TYPES[self.type][1]}"
        if known is not None:
            yield (
                lambda text: self.value(text) not in (None, *known),
                f"is none of {', '.join(sorted(map(str, known)))}",
            )
        if pattern is not None:
            yield lambda text: bool(text.strip()) and not re.fullmatch(pattern, text), f"is not of the form {pattern}"
        if lowest is not None or highest is not None:
            shown = f"{'' if lowest is None else lowest}..{'' if highest is None else highest}"
            yield lambda text: not _within(self.value(text), lowest, highest), f"is not in {shown}"

    def takes(self, text: str) -> bool:
        """Whether a text stands for a value of the type."""
        try:
            self.value(text)
        except ValueError:
            return False
        return True


@dataclass(frozen=True)
class Contract:
    """What a model's rows must be."""

    fields: list[Field]
    target: str
    protected: list[str]
    fewest: Mapping[str, int] | int

    @property
    def columns(self) -> list[str]:
        """All names, in the order of the contract."""
        return [field.name for field in self.fields]

    @property
    def label(self) -> Field:
        """The field of the target."""
        return next(field for field in self.fields if field.name == self.target)

    def check(self, table: Table) -> None:
        """DataError with one sentence about the first thing in ``table`` that breaks the contract."""
        self._check_columns(table.header)
        for field in self.fields:
            field.refuse(table.column(field.name))
        self._check_numbers(table)

    def values(self, table: Table) -> dict[str, list[Any]]:
        """Column → typed values of a table that has been checked, in the order of the contract."""
        return {field.name: [field.value(text) for text in table.column(field.name)] for field in self.fields}

    def _check_columns(self, header: list[str]) -> None:
        findings = {
            "appears more than once": sorted({name for name in header if header.count(name) > 1}),
            "is missing": sorted(set(self.columns).difference(header)),
            "is not known to this model": sorted(set(header).difference(self.columns)),
        }
        for finding, columns in findings.items():
            if columns:
                named = ", ".join(repr(name) for name in columns)
                raise DataError(f"Column {named} {finding}; the columns are {', '.join(self.columns)}.")

    def _check_numbers(self, table: Table) -> None:
        targets = table.column(self.target)
        if isinstance(self.fewest, int):
            if len(targets) < self.fewest:
                raise DataError(f"Only {len(targets)} rows; need {self.fewest}.")
            return
        found = [self.label.value(text) for text in targets]
        for value, fewest in self.fewest.items():
            count = found.count(self.label.value(value))
            if count < fewest:
                raise DataError(f"Only {count} rows have {self.target} = {value}; need {fewest}.")


def read(path: Path) -> Contract:
    """The contract in the JSON file ``path``; ContractError when it says what is not understood."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        _refuse_unknown(path.name, document, _MEMBERS)
        fields = [_field(path.name, each) for each in document["fields"]]
        contract = Contract(fields, document["target"], document.get("protected", []), document.get("fewest", 1))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContractError(f"{path.name} is no data contract: {type(error).__name__} {error}.") from error
    for name in (contract.target, *contract.protected):
        if name not in contract.columns:
            raise ContractError(f"{path.name} names column {name!r}, which is not among its fields.")
    if twice := sorted({name for name in contract.columns if contract.columns.count(name) > 1}):
        raise ContractError(f"{path.name} has more than one field {', '.join(map(repr, twice))}.")
    if isinstance(contract.fewest, Mapping):
        for value in contract.fewest:
            if not contract.label.takes(value):
                raise ContractError(f"{path.name}, fewest: {value!r} cannot be a value of {contract.target!r}.")
    return contract


def _field(file: str, document: Mapping[str, Any]) -> Field:
    field = Field(document["name"], document["type"], document.get("constraints", {}))
    _refuse_unknown(f"{file}, field {field.name!r}", document, _FIELD_MEMBERS)
    _refuse_unknown(f"{file}, constraints of {field.name!r}", field.constraints, _CONSTRAINTS)
    if field.type not in _TYPES:
        raise ContractError(f"{file}, field {field.name!r}: type {field.type!r} is none of {', '.join(_TYPES)}.")
    for demand in _unmet(field):
        raise ContractError(f"{file}, constraints of {field.name!r}: {demand}.")
    return field


def _unmet(field: Field) -> Iterator[str]:
    """What constraints must be to be checked, and these are not."""
    limits, known = field.constraints, field.constraints.get("enum")
    kinds = (str,) if field.type == "string" else (int, float)
    if not isinstance(limits.get("required", False), bool):
        yield "required is true or false"
    for name in _BOUNDS:
        if name in limits and (field.type == "string" or not _is_one_of(limits[name], (int, float))):
            yield f"{name} is a number, and for fields of numbers"
    if "enum" in limits and not (isinstance(known, list) and known and all(_is_one_of(each, kinds) for each in known)):
        yield f"enum is a list of values of type {field.type}"
    if "pattern" in limits and not (field.type == "string" and _is_pattern(limits["pattern"])):
        yield "pattern is a regular expression, and for fields of type string"


def _is_one_of(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _is_pattern(text: Any) -> bool:
    try:
        re.compile(text)
    except (re.error, TypeError):
        return False
    return True


def _refuse_unknown(where: str, document: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(document) - known)
    if unknown:
        raise ContractError(f"{where}: {', '.join(unknown)} is not checked; use {', '.join(sorted(known))}.")


def _refuse(name: str, column: list[str], breaks: Callable[[str], bool], fault: str) -> None:
    wrong = [line for line, text in enumerate(column, start=2) if breaks(text)]
    if wrong:
        more = len(wrong) - 1
        others = f" (and in {more} more row{'s' if more > 1 else ''})" if more else ""
        raise DataError(f"Column {name!r} line {wrong[0]}: {column[wrong[0] - 2]!r} {fault}{others}.")


def _within(value: Any, lowest: Any, highest: Any) -> bool:
    return value is None or ((lowest is None or value >= lowest) and (highest is None or value <= highest))
