"""From the text of an expression to a tree ("Metric math syntax and functions")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from local.cloudwatch.expressions.values import ExpressionError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?!\w)"
    r"|(?P<name>[A-Za-z]\w*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>()\[\],]))"
)
_SAME: Final = {"AND": "&&", "OR": "||"}
_LEVELS: Final = (("||",), ("&&",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
"""Operators from the loosest to the tightest; unary minus binds tighter than these, and `^` tighter still."""
_DEEPEST: Final = 50
"""AWS allows 1024 characters; without a bound, that many parentheses would exhaust Python's stack."""


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Text:
    """A string, an argument of METRICS."""

    value: str


@dataclass(frozen=True)
class Name:
    """The Id of a metric or an expression, or, in capitals, a keyword of a function."""

    value: str


@dataclass(frozen=True)
class Negative:
    """Unary minus."""

    operand: Node


@dataclass(frozen=True)
class Operation:
    """An operator between two operands."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Function:
    """A function and its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Array:
    """Several time series in brackets."""

    members: tuple[Node, ...]


Node = Number | Text | Name | Negative | Operation | Function | Array


def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError, which says where it does not parse."""
    return _Parser(text).whole()


def names(node: Node) -> Iterator[str]:
    """The Ids that an expression mentions, in order and as often as it does."""
    match node:
        case Name(value) if value[0].islower():
            yield value
        case Negative(operand):
            yield from names(operand)
        case Operation(_, left, right):
            yield from names(left)
            yield from names(right)
        case Function(_, children) | Array(children):
            for child in children:
                yield from names(child)


class _Parser:
    """Recursive descent, one level of `_LEVELS` after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._binary(0)
        if self._kind() != "end":
            raise ExpressionError(f"unexpected {self._shown()}")
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while self._kind() == "sign" and self._value() in _LEVELS[level]:
            node = Operation(self._take(), node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        if self._is("-"):
            self._take()
            return self._deeper(lambda: Negative(self._unary()))
        return self._power()

    def _power(self) -> Node:
        node = self._primary()
        if self._is("^"):
            return Operation(self._take(), node, self._unary())
        return node

    def _primary(self) -> Node:
        kind = self._kind()
        if kind == "number":
            return Number(float(self._take()))
        if kind == "text":
            return Text(self._take()[1:-1])
        if kind == "name":
            name = self._take()
            return Function(name, self._listed("(", ")")) if self._is("(") else Name(name)
        if self._is("["):
            return Array(self._listed("[", "]"))
        if self._is("("):
            self._take()
            node = self._deeper(lambda: self._binary(0))
            self._expect(")")
            return node
        raise ExpressionError(f"unexpected {self._shown()}")

    def _listed(self, opening: str, closing: str) -> tuple[Node, ...]:
        self._expect(opening)
        found: list[Node] = []
        while not self._is(closing):
            if found:
                self._expect(",")
            found.append(self._deeper(lambda: self._binary(0)))
        self._expect(closing)
        return tuple(found)

    def _deeper(self, inner: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(f"more than {_DEEPEST} levels deep")
        node = inner()
        self._depth -= 1
        return node

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _value(self) -> str:
        return self._tokens[self._at][1]

    def _shown(self) -> str:
        return "end of the expression" if self._kind() == "end" else self._value()

    def _is(self, sign: str) -> bool:
        return self._tokens[self._at] == ("sign", sign)

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            raise ExpressionError(f"expected {sign} before {self._shown()}")
        self._take()


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at, end)
        if found is None or found.lastgroup is None:
            raise ExpressionError(f"cannot read {text[at:].strip()[:20]!r}")
        kind, value = found.lastgroup, found[found.lastgroup]
        yield ("sign", _SAME[value]) if value in _SAME and kind == "name" else (kind, value)
        at = found.end()
    yield "end", ""
