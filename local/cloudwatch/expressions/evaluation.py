"""The value of an expression: its tree over the series of a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.cloudwatch.expressions import syntax
from local.cloudwatch.expressions.functions import Arguments, Call, call
from local.cloudwatch.expressions.values import ExpressionError, Series, Value, negative, operate
from local.cloudwatch.metrics import Window


@dataclass(frozen=True)
class Scope:
    """What an expression may mention: the metrics of the request by Id, and the values of its other expressions."""

    window: Window
    metrics: Mapping[str, Series]
    expressions: Mapping[str, Value] = field(default_factory=dict)


def value_of(node: syntax.Node, scope: Scope) -> Value:
    """The value of an expression. Raises ExpressionError, and UnsupportedLocally for a function that is not here."""
    match node:
        case syntax.Number(value):
            return value
        case syntax.Name(name):
            return _named(name, scope)
        case syntax.Negative(operand):
            return negative(value_of(operand, scope))
        case syntax.Operation(sign, left, right):
            return operate(sign, value_of(left, scope), value_of(right, scope))
        case syntax.Array(members):
            return _array(members, scope)
        case syntax.Function(name, arguments):
            given: Arguments = [_argument(argument, scope) for argument in arguments]
            metric = [isinstance(a, syntax.Name) and a.value in scope.metrics for a in arguments]
            return call(Call(name, given, scope.window, scope.metrics, of_metric=metric == [True]))
    raise ExpressionError(f"a string stands where a value is expected: {node.value}")


def _named(name: str, scope: Scope) -> Value:
    if name in scope.metrics:
        return scope.metrics[name]
    if name in scope.expressions:
        return scope.expressions[name]
    raise ExpressionError(f"unknown identifier {name}")


def _argument(node: syntax.Node, scope: Scope) -> Value | str:
    match node:
        case syntax.Text(value):
            return value
        case syntax.Name(value) if value.isupper():
            return value
    return value_of(node, scope)


def _array(members: tuple[syntax.Node, ...], scope: Scope) -> tuple[Series, ...]:
    found: list[Series] = []
    for member in members:
        value = value_of(member, scope)
        if isinstance(value, float):
            raise ExpressionError("an array holds time series, not numbers")
        found += [value] if isinstance(value, Series) else value
    return tuple(found)
