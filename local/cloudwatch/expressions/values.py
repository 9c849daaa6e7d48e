"""The values of metric math, scalars and time series, and the operators between them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from local.errors import LocalError


class ExpressionError(LocalError):
    """An expression does not parse, or asks for what its values do not allow: a sentence without a full stop."""


@dataclass(frozen=True)
class Series:
    """A time series on the window's periods, oldest first; None where there is no data point."""

    points: Sequence[float | None]
    label: str = ""


Value = float | Series | tuple[Series, ...]
"""S, TS and TS[] of the guide; a scalar that has no value is NaN."""

Operator = Callable[[float, float], float]


def _power(left: float, right: float) -> float:
    result = left**right
    return result if isinstance(result, float) else math.nan


_ARITHMETIC: Final[dict[str, Operator]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
}
_LOGIC: Final[dict[str, Operator]] = {
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "&&": lambda left, right: float(left != 0 and right != 0),
    "||": lambda left, right: float(left != 0 or right != 0),
}


def operate(sign: str, left: Value, right: Value) -> Value:
    """`left sign right`.

    Where one series has a data point and the other has none, the missing one counts as 0; where neither has, the
    result has none. A data point that would divide by zero is dropped. Raises ExpressionError for arrays that the
    operator does not take.
    """
    apply = _ARITHMETIC.get(sign) or _LOGIC[sign]
    if isinstance(left, tuple) or isinstance(right, tuple):
        if sign in _LOGIC:
            raise ExpressionError(f"the operator {sign} does not take an array of time series")
        return _over_array(apply, left, right)
    return _over(apply, left, right)


def negative(value: Value) -> Value:
    """Unary minus."""
    return each(operator.neg, value)


def each(function: Callable[[float], float], value: Value) -> Value:
    """The function of every data point."""
    if isinstance(value, tuple):
        return tuple(_mapped(function, series) for series in value)
    return _mapped(function, value) if isinstance(value, Series) else _safe(lambda: function(value))


def kept(value: float) -> float | None:
    """A data point, or None for what is none: not a number, or too large to be one."""
    return value if math.isfinite(value) else None


def _mapped(function: Callable[[float], float], series: Series) -> Series:
    def result(point: float) -> float | None:
        return kept(_safe(lambda: function(point)))

    return Series([None if point is None else result(point) for point in series.points], series.label)


def _over_array(apply: Operator, left: Value, right: Value) -> Value:
    if isinstance(left, tuple) and isinstance(right, tuple):
        raise ExpressionError("an operator takes at most one array of time series")
    if isinstance(left, tuple):
        return tuple(_labelled(_over(apply, series, right), series) for series in left)
    assert isinstance(right, tuple)
    return tuple(_labelled(_over(apply, left, series), series) for series in right)


def _labelled(value: Value, source: Series) -> Series:
    assert isinstance(value, Series)
    return Series(value.points, source.label)


def _over(apply: Operator, left: Value, right: Value) -> Value:
    if isinstance(left, Series) and isinstance(right, Series):
        pairs = zip(left.points, right.points, strict=True)
        return Series([None if a is None and b is None else _point(apply, a or 0.0, b or 0.0) for a, b in pairs])
    if isinstance(left, Series):
        assert isinstance(right, float)
        return Series([None if a is None else _point(apply, a, right) for a in left.points])
    assert isinstance(left, float)
    if isinstance(right, Series):
        return Series([None if b is None else _point(apply, left, b) for b in right.points])
    assert isinstance(right, float)
    return _applied(apply, left, right)


def _point(apply: Operator, left: float, right: float) -> float | None:
    if math.isnan(left) or math.isnan(right):
        return None
    return kept(_applied(apply, left, right))


def _applied(apply: Operator, left: float, right: float) -> float:
    try:
        return apply(left, right)
    except (ZeroDivisionError, OverflowError):
        return math.nan


def _safe(result: Callable[[], float]) -> float:
    try:
        return float(result())
    except (ValueError, OverflowError):
        return math.nan
