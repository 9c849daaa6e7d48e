"""The conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.sagemaker.errors import StepFailed
from local.sagemaker.pipelines.parameters import as_text

Resolve = Callable[[Any], Any]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_BY_EQUALITY = ("Equals", "NotEquals")
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_COMPARE, ("LeftValue", "RightValue")),
    "In": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}
"""What a condition has besides its Type."""


def condition_problems(title: str, condition: Any) -> Iterator[str]:
    """What is wrong with the form of one condition, and of those inside it, as sentences."""
    if not isinstance(condition, Mapping) or condition.get("Type") not in _MEMBERS:
        found = condition.get("Type") if isinstance(condition, Mapping) else condition
        yield f"{title} has the condition type {found!r}, which is not one of {', '.join(_MEMBERS)}"
        return
    kind = condition["Type"]
    lacking = [name for name in _MEMBERS[kind] if name not in condition and not (kind == "Not" and _old(condition))]
    if lacking:
        yield f"{title} has a condition {kind} without {' and '.join(lacking)}"
    elif kind == "Not":
        yield from condition_problems(title, _negated(condition))
    elif kind == "Or":
        inside = condition["Conditions"]
        if not isinstance(inside, list) or not inside:
            yield f"{title} has a condition Or without a list of Conditions"
        else:
            for part in inside:
                yield from condition_problems(title, part)
    elif kind == "In" and not isinstance(condition["Values"], list):
        yield f"{title} has a condition In without a list of Values"


def holds(condition: Mapping[str, Any], resolve: Resolve) -> bool:
    """Whether one condition of a definition is true. Raises StepFailed where values cannot be compared."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(_negated(condition), resolve)
    if kind == "Or":
        return any(holds(part, resolve) for part in condition["Conditions"])
    if kind == "In":
        wanted = resolve(condition["QueryValue"])
        return any(_compare("Equals", wanted, value) for value in resolve(condition["Values"]))
    return _compare(kind, resolve(condition["LeftValue"]), resolve(condition["RightValue"]))


def _compare(kind: str, left: Any, right: Any) -> bool:
    try:
        return bool(_COMPARE[kind](*_alike(left, right)))
    except (TypeError, ValueError) as error:
        if kind in _BY_EQUALITY:
            return bool(_COMPARE[kind](as_text(left), as_text(right)))
        raise StepFailed(f"ClientError: {left!r} and {right!r} cannot be compared by {kind}") from error


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Two values, as numbers where one is a text and the other is not."""
    return (float(left), float(right)) if isinstance(left, str) != isinstance(right, str) else (left, right)


def _negated(condition: Mapping[str, Any]) -> Any:
    # SDKs before 2024 wrote `Expression`.
    return condition.get("Condition") or condition.get("Expression")


def _old(condition: Mapping[str, Any]) -> bool:
    return "Expression" in condition
