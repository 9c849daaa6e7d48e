"""Event patterns: moto's matcher behind EventBridge's own checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from moto.events.models import EventPattern

from local.errors import AwsError

if TYPE_CHECKING:
    from moto.events.utils import EventMessageType

_OPERATORS: Final = frozenset(
    {"prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr"}
)
_COMPARISONS: Final = ("<", "<=", "=", ">=", ">")


class Pattern:
    """A pattern as a rule keeps it: its text, and whether an event fits it."""

    def __init__(self, text: str) -> None:
        """Raises AwsError `InvalidEventPatternException`, as PutRule does."""
        self.text = text
        tree = _parsed(text)
        _check_node(tree, at="")
        self._matcher = EventPattern(text, tree)

    def __reduce__(self) -> tuple[type[Pattern], tuple[str]]:
        return Pattern, (self.text,)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the event fits. Arrays of objects inside `detail` are not looked into."""
        return bool(self._matcher.matches_event(cast("EventMessageType", event)))


def _parsed(text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise _invalid(f"it is not JSON: {error}") from error
    if not isinstance(tree, dict):
        raise _invalid("Filter is not an object")
    if not tree:
        raise _invalid("Empty pattern is not allowed")
    return tree


def _check_node(node: dict[str, Any], *, at: str) -> None:
    for key, value in node.items():
        where = f"{at}.{key}" if at else key
        if key == "$or":
            _check_alternatives(value, at=where)
        elif isinstance(value, dict) and value:
            _check_node(value, at=where)
        elif isinstance(value, list) and value:
            for condition in value:
                _check_condition(condition, at=where)
        elif isinstance(value, dict | list):
            raise _invalid(f'Empty {"objects" if isinstance(value, dict) else "arrays"} are not allowed at "{where}"')
        else:
            raise _invalid(f'"{where}" must be an object or an array')


def _check_alternatives(value: Any, *, at: str) -> None:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(item, dict) for item in value):
        raise _invalid(f'"{at}" must be an array of at least two objects')
    for number, item in enumerate(value):
        _check_node(item, at=f"{at}[{number}]")


def _check_condition(condition: Any, *, at: str) -> None:
    if isinstance(condition, list):
        raise _invalid(f'Nested arrays are not allowed at "{at}"')
    if not isinstance(condition, dict):
        return
    if len(condition) != 1:
        raise _invalid(f'Only one key allowed in match expression at "{at}"')
    operator, value = next(iter(condition.items()))
    if operator not in _OPERATORS:
        raise _invalid(f"Unrecognized match type {operator}")
    if operator == "exists" and not isinstance(value, bool):
        raise _invalid("exists match pattern must be either true or false.")
    if operator == "numeric":
        _check_numeric(value)


def _check_numeric(value: Any) -> None:
    pairs = list(zip(value[::2], value[1::2], strict=True)) if isinstance(value, list) and len(value) in (2, 4) else []
    if not pairs:
        raise _invalid("Value of numeric must be an array of comparisons and numbers")
    for comparison, number in pairs:
        if comparison not in _COMPARISONS:
            raise _invalid(f"Unrecognized numeric range operator: {comparison}")
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _invalid("Value of numeric operator must be numeric")


def _invalid(reason: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
