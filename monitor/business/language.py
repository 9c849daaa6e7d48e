"""The language of business figures: what an expression may say, checked before any row is seen.

It is Python's grammar of expressions, and nothing of Python but that: numbers, texts, columns by name (any name by
``column("name")``), ``+ - * / %``, comparisons, ``in``, ``and or not``, ``a if condition else b``, and ten functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from monitor.business.errors import ExpressionError

LONGEST: Final = 1_000
DEEPEST: Final = 50
ANSWERS: Final = frozenset({"prediction", "decision", "label"})
"""Names that are no columns of requests."""

AGGREGATES: Final[Mapping[str, tuple[int, int]]] = {"sum": (1, 1), "mean": (1, 1), "share": (1, 1), "count": (0, 1)}
"""Many rows → one value, with the fewest and the most arguments."""
EITHER: Final[Mapping[str, tuple[int, int]]] = {"min": (1, 9), "max": (1, 9)}
"""Of one argument over all rows; of several row by row."""
BY_ROW: Final[Mapping[str, tuple[int, int]]] = {"where": (3, 3), "abs": (1, 1), "missing": (1, 1)}
COLUMN: Final = "column"
FUNCTIONS: Final = (*AGGREGATES, *EITHER, *BY_ROW, COLUMN)

_ARITHMETIC: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod)
_COMPARISONS: Final = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)


@dataclass(frozen=True)
class Expression:
    """An expression that keeps the rules and gives one value for all rows."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    """The columns, and those of ``prediction``, ``decision`` and ``label``, that it is about."""

    @classmethod
    def of(cls, text: str) -> Expression:
        """Parse it; ExpressionError says what is wrong, and at which character."""
        tree = _parsed(text)
        checked = _Checked(text)
        if checked.is_by_row(tree, depth=0):
            raise ExpressionError(text, tree, "gives a value for each row; put sum(…), mean(…) or share(…) around it")
        return cls(text=text, tree=tree, names=frozenset(_names(tree)))

    @property
    def needs_labels(self) -> bool:
        """Whether it is about outcomes, which come later."""
        return "label" in self.names

    @property
    def columns(self) -> frozenset[str]:
        """The columns of requests that it is about."""
        return self.names - ANSWERS


def column_name(call: ast.Call) -> str:
    """The name in ``column("name")``, which `Expression.of` has checked."""
    argument = call.args[0]
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def function(call: ast.Call) -> str:
    """The name of a function that is called, which `Expression.of` has checked."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(text, None, f"has {len(text):,} characters; at most {LONGEST:,} are understood")
    try:
        return ast.parse(text.strip().replace("\n", " "), mode="eval").body
    except SyntaxError as error:
        at = (error.offset or 1) + len(text) - len(text.lstrip())
        raise ExpressionError(text, at, f"is no expression: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; brackets upon brackets
        raise ExpressionError(text, None, f"is no expression: {error}") from error


def _names(tree: ast.expr) -> Iterator[str]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and function(node) == COLUMN:
            yield column_name(node)
        if isinstance(node, ast.Name) and id(node) not in called:
            yield node.id


class _Checked:
    """Walks an expression; every node is understood or refused."""

    def __init__(self, text: str) -> None:
        self._text = text

    def is_by_row(self, node: ast.expr, *, depth: int) -> bool:
        """Whether a value of ``node`` belongs to each row, and not one to all."""
        if depth > DEEPEST:
            raise ExpressionError(self._text, node, f"is nested more than {DEEPEST} deep")
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        parts = self._parts(node)
        return any([self.is_by_row(part, depth=depth + 1) for part in parts])

    def _parts(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd, ast.Not)):
            return [node.operand]
        if isinstance(node, ast.BoolOp):
            return node.values
        if isinstance(node, ast.IfExp):
            return [node.test, node.body, node.orelse]
        if isinstance(node, ast.Compare) and all(isinstance(op, _COMPARISONS) for op in node.ops):
            return self._compared(node)
        shown = ast.get_source_segment(self._text.strip(), node) or type(node).__name__
        raise ExpressionError(self._text, node, f"{shown!r} is not understood here")

    def _compared(self, node: ast.Compare) -> list[ast.expr]:
        parts = [node.left]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if not isinstance(operator, (ast.In, ast.NotIn)):
                parts.append(right)
                continue
            listed = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else []
            if not listed or not all(isinstance(each, ast.Constant) for each in listed):
                raise ExpressionError(self._text, right, 'after "in" stands a list of values, as in ("car", "repairs")')
            parts += listed
        return parts

    def _constant(self, node: ast.Constant) -> bool:
        if not isinstance(node.value, (bool, int, float, str)):
            raise ExpressionError(self._text, node, f"{node.value!r} is neither a number nor a text")
        return False

    def _name(self, node: ast.Name) -> bool:
        if node.id in FUNCTIONS:
            raise ExpressionError(
                self._text, node, f'{node.id} is a function; a column of that name is column("{node.id}")'
            )
        return True

    def _call(self, node: ast.Call, depth: int) -> bool:
        name = function(node)
        if name not in FUNCTIONS:
            raise ExpressionError(self._text, node, f"there is no such function; there are {', '.join(FUNCTIONS)}")
        if node.keywords:
            raise ExpressionError(self._text, node, f"{name} takes no named arguments")
        if name == COLUMN:
            return self._column(node)
        fewest, most = {**AGGREGATES, **EITHER, **BY_ROW}[name]
        if not fewest <= len(node.args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise ExpressionError(self._text, node, f"{name} takes {wanted} arguments and has {len(node.args)}")
        by_row = [self.is_by_row(each, depth=depth + 1) for each in node.args]
        over_rows = name in AGGREGATES or (name in EITHER and len(node.args) == 1)
        if over_rows and by_row == [False]:
            raise ExpressionError(self._text, node, f"{name} of one value says nothing; it takes a value of each row")
        return any(by_row) and not over_rows

    def _column(self, node: ast.Call) -> bool:
        names = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if len(node.args) != 1 or len(names) != 1 or not isinstance(names[0], str):
            raise ExpressionError(self._text, node, 'column takes one name, as in column("credit amount")')
        return True
