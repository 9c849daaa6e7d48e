"""Computes an expression over rows, and over resamples of them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.business import language
from monitor.business.errors import ExpressionError
from monitor.business.language import Expression
from monitor.quality.values import canonical, combined, numbers, texts

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Value: TypeAlias = Any
"""A column as it was captured, numbers or conditions (of rows, or one for each resample), or a constant."""

RESAMPLES: Final = 200
MOST_RESAMPLED: Final = 20_000
FEWEST_RESAMPLED: Final = 20
CELLS: Final = 2_000_000
"""Weights in memory at once: 16 MB."""
_SEED: Final = 20
_ENDS: Final = (2.5, 97.5)

_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
}
_ORDER: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


def value(expression: Expression, columns: Mapping[str, pa.Array], *, rows: int) -> float:
    """The figure over all rows; NaN or infinite where it is undefined. ExpressionError for unknown columns."""
    return float(_of(expression, columns, np.ones((1, rows)))[0])


def interval(expression: Expression, columns: Mapping[str, pa.Array], *, rows: int) -> tuple[float, float] | None:
    """The ends of its 95 % confidence interval over resamples; None for too few or too many rows."""
    if not FEWEST_RESAMPLED <= rows <= MOST_RESAMPLED:
        return None
    random, at_once = np.random.default_rng(_SEED), max(1, CELLS // rows)
    found = []
    for start in range(0, RESAMPLES, at_once):
        drawn = random.multinomial(rows, np.full(rows, 1 / rows), size=min(at_once, RESAMPLES - start))
        found.append(_of(expression, columns, drawn.astype(np.float64)))
    known = np.concatenate(found)
    known = known[np.isfinite(known)]
    if len(known) <= RESAMPLES / 2:
        return None
    low, high = np.percentile(known, _ENDS).tolist()
    return low, high


def _of(expression: Expression, columns: Mapping[str, pa.Array], weights: Floats) -> Floats:
    computed = _Computed(expression.text, columns, weights)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = np.asarray(computed.number(computed.of(expression.tree), expression.tree), dtype=np.float64)
    return np.broadcast_to(found.reshape(-1), (len(weights),))


class _Computed:
    """Computes nodes. Rows lie along the last axis, resamples along the one before: one value for all rows is [R, 1].

    What is missing is NaN among numbers. A comparison with it is false, and functions over rows leave it out.
    """

    def __init__(self, text: str, columns: Mapping[str, pa.Array], weights: Floats) -> None:
        self._text, self._columns, self._weights = text, columns, weights

    def of(self, node: ast.expr) -> Value:
        """The value of a node that `Expression.of` has let pass."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._column(node.id, node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp():
                return np.asarray(_ARITHMETIC[type(node.op)](self._number_of(node.left), self._number_of(node.right)))
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return np.asarray(reduce(join, [self._condition_of(each) for each in node.values]))
            case ast.UnaryOp():
                return self._signed(node)
            case ast.IfExp():
                return self._where(node.test, node.body, node.orelse)
            case ast.Compare():
                return self._compared(node)
        raise ExpressionError(self._text, node, "is not understood")

    def number(self, found: Value, node: ast.expr) -> Floats:
        """A value as numbers; conditions count 1 and 0."""
        if isinstance(found, str):
            raise ExpressionError(self._text, node, "is a text where a number is wanted")
        if isinstance(found, (pa.Array, pa.ChunkedArray)):
            read = numbers(found)
            if len(read) and found.null_count < len(read) and np.isnan(read).all():
                raise ExpressionError(self._text, node, "is a column of texts where a number is wanted")
            return read
        return np.asarray(found, dtype=np.float64)

    def _constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, str):
            return node.value
        return float(node.value)  # type: ignore[arg-type]  # the language has no other constants

    def _column(self, name: str, node: ast.expr) -> Value:
        if name not in self._columns:
            known = ", ".join(sorted(self._columns)) or "none"
            raise ExpressionError(self._text, node, f"there is no column {name!r}; there are {known}")
        return self._columns[name]

    def _number_of(self, node: ast.expr) -> Floats:
        return self.number(self.of(node), node)

    def _condition_of(self, node: ast.expr) -> Booleans:
        found = self.of(node)
        if isinstance(found, np.ndarray) and found.dtype == np.bool_:
            return found
        counted = self.number(found, node)
        return np.asarray((counted != 0) & ~np.isnan(counted))

    def _signed(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return ~self._condition_of(node.operand)
        found = self._number_of(node.operand)
        return -found if isinstance(node.op, ast.USub) else found

    def _where(self, test: ast.expr, then: ast.expr, otherwise: ast.expr) -> Value:
        return np.where(self._condition_of(test), self._number_of(then), self._number_of(otherwise))

    def _call(self, node: ast.Call) -> Value:
        name = language.function(node)
        if name == language.COLUMN:
            return self._column(language.column_name(node), node)
        if name == "where":
            return self._where(*node.args)
        if name == "count":
            return self._count(node)
        if name == "missing":
            return self._missing(self.of(node.args[0]))
        if name == "abs":
            return np.abs(self._number_of(node.args[0]))
        if name in language.EITHER and len(node.args) > 1:
            smaller = np.minimum if name == "min" else np.maximum
            return np.asarray(reduce(smaller, [self._number_of(each) for each in node.args]))
        return self._over_rows(name, self._number_of(node.args[0]))

    def _over_rows(self, name: str, found: Floats) -> Floats:
        there = ~np.isnan(found)
        if name in ("min", "max"):
            worst, choose = (math.inf, np.min) if name == "min" else (-math.inf, np.max)
            drawn = np.where(there & (self._weights > 0), found, worst)
            best = choose(drawn, axis=-1, keepdims=True, initial=worst)
            return np.where(np.isfinite(best), best, np.nan)
        total = (self._weights * np.where(there, found, 0.0)).sum(axis=-1, keepdims=True)
        if name == "sum":
            return np.asarray(total)
        return np.asarray(total / (self._weights * there).sum(axis=-1, keepdims=True))

    def _count(self, node: ast.Call) -> Floats:
        """Rows; rows for which a condition holds; rows that have a value."""
        if not node.args:
            return np.asarray(self._weights.sum(axis=-1, keepdims=True))
        found = self.of(node.args[0])
        is_condition = isinstance(found, np.ndarray) and found.dtype == np.bool_
        counted = found if is_condition else ~self._missing(found)
        return np.asarray((self._weights * counted).sum(axis=-1, keepdims=True))

    def _missing(self, found: Value) -> Booleans:
        if isinstance(found, (pa.Array, pa.ChunkedArray)):
            return np.asarray(pc.is_null(texts(found)), dtype=bool)
        if isinstance(found, np.ndarray) and found.dtype != np.bool_:
            return np.isnan(found)
        return np.zeros(np.shape(found), dtype=bool)

    def _compared(self, node: ast.Compare) -> Booleans:
        left, holds = node.left, []
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                holds.append(self._among(left, right, wanted=isinstance(operator, ast.In)))
            else:
                holds.append(self._pair(left, operator, right))
            left = right
        return np.asarray(reduce(np.logical_and, holds))

    def _among(self, left: ast.expr, listed: ast.expr, *, wanted: bool) -> Booleans:
        elements = listed.elts if isinstance(listed, (ast.Tuple, ast.List, ast.Set)) else []
        found = reduce(np.logical_or, [self._pair(left, ast.Eq(), each) for each in elements])
        return np.asarray(found if wanted else ~found & ~self._missing(self.of(left)))

    def _pair(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Booleans:
        one, other = self.of(left), self.of(right)
        if isinstance(one, str) or isinstance(other, str) or (_is_text(one) and _is_text(other)):
            return self._texts_pair(one, operator, other, node=left)
        first, second = self.number(one, left), self.number(other, right)
        known = ~(np.isnan(first) | np.isnan(second))
        return np.asarray(_ORDER[type(operator)](first, second) & known)

    def _texts_pair(self, one: Value, operator: ast.cmpop, other: Value, *, node: ast.expr) -> Booleans:
        if not isinstance(operator, (ast.Eq, ast.NotEq)):
            raise ExpressionError(self._text, node, "texts are equal or not; they are neither smaller nor larger")
        first, second = (self._as_text(each, node) for each in (one, other))
        same = pc.equal(first, second) if isinstance(operator, ast.Eq) else pc.not_equal(first, second)
        return np.asarray(pc.fill_null(same, False), dtype=bool)

    def _as_text(self, found: Value, node: ast.expr) -> Any:
        if isinstance(found, str):
            return pa.scalar(canonical(found))
        if isinstance(found, (pa.Array, pa.ChunkedArray)):
            return texts(combined(found))
        raise ExpressionError(self._text, node, "compares a text with what is no column")


def _is_text(found: Value) -> bool:
    if not isinstance(found, (pa.Array, pa.ChunkedArray)):
        return False
    kind = found.type.value_type if pa.types.is_dictionary(found.type) else found.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
