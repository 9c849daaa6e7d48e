"""The conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from local.sagemaker.errors import StepFailed

Resolve = Callable[[Any], Any]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def holds(condition: Mapping[str, Any], resolve: Resolve) -> bool:
    """Whether one condition of a definition is true. Raises StepFailed where values cannot be compared."""
    kind = condition["Type"]
    if kind == "Not":
        # SDKs before 2024 wrote `Expression`.
        return not holds(condition.get("Condition") or condition["Expression"], resolve)
    if kind == "Or":
        return any(holds(part, resolve) for part in condition["Conditions"])
    if kind == "In":
        return bool(resolve(condition["QueryValue"]) in resolve(condition["Values"]))
    if kind not in _COMPARE:
        raise StepFailed(f"ClientError: condition type {kind!r} does not exist")
    return _compare(kind, resolve(condition["LeftValue"]), resolve(condition["RightValue"]))


def _compare(kind: str, left: Any, right: Any) -> bool:
    try:
        if isinstance(left, str) != isinstance(right, str):
            left, right = float(left), float(right)
        return bool(_COMPARE[kind](left, right))
    except (TypeError, ValueError) as error:
        raise StepFailed(f"ClientError: {left!r} and {right!r} cannot be compared by {kind}") from error
