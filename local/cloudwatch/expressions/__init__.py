"""Metric math: expressions over time series ("Using metric math")."""

from local.cloudwatch.expressions.evaluation import Scope, value_of
from local.cloudwatch.expressions.syntax import Node, names, parse
from local.cloudwatch.expressions.values import ExpressionError, Series, Value

__all__ = ["ExpressionError", "Node", "Scope", "Series", "Value", "names", "parse", "value_of"]
