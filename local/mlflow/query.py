"""MLflow's search language: filters such as `metrics.auc > 0.7 and tags.team = 'risk'`, and orders by a member.

MLflow documentation, "Search Runs" and "Search Experiments".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.mlflow.errors import invalid

Lookup = Callable[[str, str], Any]
"""What a record has as `(group, key)`, such as `("metrics", "auc")`; None for what it has not."""

_GROUPS: Final = {
    "attr": "attributes",
    "attribute": "attributes",
    "attributes": "attributes",
    "dataset": "datasets",
    "datasets": "datasets",
    "metric": "metrics",
    "metrics": "metrics",
    "param": "params",
    "parameter": "params",
    "parameters": "params",
    "params": "params",
    "run": "attributes",
    "tag": "tags",
    "tags": "tags",
}
_ATTRIBUTES: Final = {"Created": "start_time", "created": "start_time", "Run name": "run_name", "run name": "run_name"}
_NUMERIC: Final = frozenset(
    {"start_time", "end_time", "creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp"}
)
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<sign>!=|<=|>=|=|<|>|\(|\)|,)
    |(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])
    |(?P<text>'(?:[^']|'')*'|"(?:[^"])*"(?!\s*\.))
    |(?P<name>[A-Za-z_][\w-]*(?:\s?\.\s?(?:`[^`]*`|"[^"]*"|[\w./:-]+))?|`[^`]*`))""",
    re.VERBOSE,
)
_WORDS: Final = ("AND", "LIKE", "ILIKE", "IN", "NOT", "IS", "NULL")
_ORDERED: Final = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Term:
    """One comparison."""

    group: str
    key: str
    comparator: str
    value: Any

    def holds(self, lookup: Lookup) -> bool:
        """Whether a record is as the comparison wants it; what a record has not compares as false."""
        found = _comparable(lookup(self.group, self.key))
        if self.comparator in ("IS NULL", "IS NOT NULL"):
            return (found is None) == (self.comparator == "IS NULL")
        return found is not None and _compare(found, self.comparator, self.value)


def parse(text: str | None) -> list[Term]:
    """The comparisons of a filter, all of which must hold. Raises AwsError INVALID_PARAMETER_VALUE."""
    if not text or not text.strip():
        return []
    tokens, terms = _Tokens(text), list[Term]()
    while True:
        terms.append(_term(tokens))
        if tokens.done:
            return terms
        tokens.expect("AND")


def ordered(records: Sequence[Any], order_by: Sequence[str], lookup: Callable[[Any, str, str], Any]) -> list[Any]:
    """Records by the members named, the first of which counts most; those without a member come last."""
    found = list(records)
    for clause in reversed(order_by):
        group, key, descending = _order(clause)
        values = [(_comparable(lookup(record, group, key)), record) for record in found]
        there = [pair for pair in values if pair[0] is not None and pair[0] == pair[0]]
        rest = [record for value, record in values if value is None or value != value]
        there.sort(key=lambda pair: pair[0], reverse=descending)
        found = [record for _, record in there] + rest
    return found


def _order(clause: str) -> tuple[str, str, bool]:
    name, _, direction = clause.strip().rpartition(" ")
    if direction.upper() not in ("ASC", "DESC") or not name:
        name, direction = clause.strip(), "ASC"
    return *_named(name.strip()), direction.upper() == "DESC"


class _Tokens:
    def __init__(self, text: str) -> None:
        self._text = text
        self._left = list(self._read())

    def _read(self) -> Iterator[tuple[str, str]]:
        at = 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise invalid(f"Invalid filter string {self._text!r}: cannot be read at {self._text[at:]!r}")
            kind = str(found.lastgroup)
            word = found[kind].upper()
            yield ("word", word) if kind == "name" and word in _WORDS else (kind, found[kind])
            at = found.end()

    @property
    def done(self) -> bool:
        return not self._left

    def take(self, *kinds: str) -> tuple[str, str]:
        if not self._left or self._left[0][0] not in kinds:
            seen = self._left[0][1] if self._left else "its end"
            raise invalid(f"Invalid filter string {self._text!r}: unexpected {seen}")
        return self._left.pop(0)

    def take_one_of(self, *signs: str) -> str:
        if not self._left or self._left[0][1] not in signs:
            seen = self._left[0][1] if self._left else "its end"
            raise invalid(f"Invalid filter string {self._text!r}: a comparison expected before {seen}")
        return self._left.pop(0)[1]

    def takes(self, word: str) -> bool:
        if self._left and self._left[0][1].upper() == word and self._left[0][0] in ("word", "sign"):
            self._left.pop(0)
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.takes(word):
            seen = self._left[0][1] if self._left else "its end"
            raise invalid(f"Invalid filter string {self._text!r}: {word} expected before {seen}")


def _term(tokens: _Tokens) -> Term:
    group, key = _named(tokens.take("name", "text")[1])
    if tokens.takes("IS"):
        negated = tokens.takes("NOT")
        tokens.expect("NULL")
        return Term(group, key, "IS NOT NULL" if negated else "IS NULL", None)
    comparator = _comparator(tokens)
    value = _listed(tokens) if comparator.endswith("IN") else _value(tokens.take("number", "text"))
    numeric = group == "metrics" or (group == "attributes" and key in _NUMERIC)
    if numeric and not isinstance(value, float):
        raise invalid(f"Expected numeric value type for {group}.{key}, found {value!r}")
    if not numeric and isinstance(value, float):
        raise invalid(f"Expected a quoted string value for {group}.{key}, found {value:g}")
    if not numeric and comparator in _ORDERED:
        raise invalid(
            f"Invalid comparator {comparator!r} for {group}.{key}: =, !=, LIKE, ILIKE, IN and NOT IN are valid"
        )
    return Term(group, key, comparator, value)


def _comparator(tokens: _Tokens) -> str:
    if tokens.takes("NOT"):
        tokens.expect("IN")
        return "NOT IN"
    for word in ("LIKE", "ILIKE", "IN"):
        if tokens.takes(word):
            return word
    return tokens.take_one_of("=", "!=", *_ORDERED)


def _listed(tokens: _Tokens) -> tuple[str, ...]:
    tokens.expect("(")
    values = [str(_value(tokens.take("text")))]
    while tokens.takes(","):
        values.append(str(_value(tokens.take("text"))))
    tokens.expect(")")
    return tuple(values)


def _value(token: tuple[str, str]) -> float | str:
    kind, text = token
    return float(text) if kind == "number" else text[1:-1].replace("''", "'")


def _named(text: str) -> tuple[str, str]:
    """A group and a key; what names no group is an attribute."""
    group, dot, key = text.partition(".")
    if not dot:
        name = group.strip('`"')
        return "attributes", _ATTRIBUTES.get(name, name)
    if group.strip() not in _GROUPS:
        raise invalid(f"Invalid entity type {group.strip()!r}. Valid values are metrics, params, tags and attributes")
    name = key.strip().strip('`"')
    found = _GROUPS[group.strip()]
    return found, _ATTRIBUTES.get(name, name) if found == "attributes" else name


def _comparable(found: Any) -> Any:
    """A member's value; nothing where a member is not one value but many."""
    return found if isinstance(found, str | int | float) else None


def _compare(found: Any, comparator: str, value: Any) -> bool:
    if comparator in ("LIKE", "ILIKE"):
        return _like(str(found), str(value), folding=comparator == "ILIKE")
    if comparator in ("IN", "NOT IN"):
        return (found in value) == (comparator == "IN")
    results = {"=": found == value, "!=": found != value}
    if comparator in results:
        return bool(results[comparator])
    return bool({"<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value}[comparator])


def _like(found: str, pattern: str, *, folding: bool) -> bool:
    parts = (".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), found, re.DOTALL | (re.IGNORECASE if folding else 0)) is not None
