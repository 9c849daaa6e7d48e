"""Stack policies: what an update may do to which resources (AWS CloudFormation User Guide, Prevent updates)."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from typing import Any, Literal

from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.errors import UnsupportedLocally

Action = Literal["Update:Modify", "Update:Replace", "Update:Delete"]


class StackPolicy:
    """Judges updates of resources. A stack without a policy allows all; one with a policy what it allows."""

    def __init__(self, body: str) -> None:
        self._statements = _statements(body) if body else None

    def check(self, action: Action, *, logical_id: str, type: str) -> None:
        """Raise ResourceFailed when the policy does not allow this."""
        if self._statements is None:
            return
        verdicts = [
            (number, statement["Effect"])
            for number, statement in enumerate(self._statements, 1)
            if _matches(statement, action, logical_id=logical_id, type=type)
        ]
        for number, effect in verdicts:
            if effect == "Deny":
                denied = f"Action denied by stack policy: Statement [#{number}] does not allow [{action}]"
                raise ResourceFailed(f"{denied} for resource [LogicalResourceId/{logical_id}];")
        if not verdicts:
            raise ResourceFailed("Action not allowed by stack policy")


def _statements(body: str) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(body)
        statements = document["Statement"]
        listed: list[Mapping[str, Any]] = statements if isinstance(statements, list) else [statements]
        for statement in listed:
            _check(statement)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(f"Error validating stack policy: Invalid stack policy: {error}") from error
    return listed


def _check(statement: Mapping[str, Any]) -> None:
    if statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError(f"Effect {statement['Effect']}")
    if statement.get("Principal", "*") not in ("*", {"AWS": "*"}):
        raise ValueError("Principal must be *")
    if not {"Action", "NotAction"} & statement.keys() or not {"Resource", "NotResource"} & statement.keys():
        raise ValueError("a statement needs Action and Resource")
    for operator, conditions in statement.get("Condition", {}).items():
        if operator not in ("StringEquals", "StringLike") or set(conditions) != {"ResourceType"}:
            raise UnsupportedLocally(f"the condition {operator} {sorted(conditions)} in a stack policy")


def _matches(statement: Mapping[str, Any], action: str, *, logical_id: str, type: str) -> bool:
    resource = f"LogicalResourceId/{logical_id}"
    return (
        _named(statement, "Action", action)
        and _named(statement, "Resource", resource)
        and all(
            any(_like(pattern, type) for pattern in _listed(conditions["ResourceType"]))
            for conditions in statement.get("Condition", {}).values()
        )
    )


def _named(statement: Mapping[str, Any], member: str, value: str) -> bool:
    if member in statement:
        return any(_like(pattern, value) for pattern in _listed(statement[member]))
    return not any(_like(pattern, value) for pattern in _listed(statement[f"Not{member}"]))


def _like(pattern: str, value: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
