"""Change sets: revisions that wait for somebody to execute them, with the changes they would make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from local.cloudformation.intrinsics import Unknown
from local.cloudformation.plan import Change, PropertyChange
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.revisions import Revision

EMPTY: Final = "The submitted information didn't contain changes. Submit different information to create a change set."
"""Why a change set that changes nothing has failed, in AWS's own words."""

_LATER: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"


@dataclass
class ChangeSet:
    """One change set of a stack. `options` are what its creation said about the operation to come."""

    id: str
    name: str
    type: Literal["CREATE", "UPDATE"]
    description: str | None
    created_at: datetime
    revision: Revision
    changes: list[Change]
    role_arn: str | None
    on_failure: Any
    status: str = "CREATE_COMPLETE"
    reason: str | None = None
    execution: str = "AVAILABLE"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether it still stands under its name."""
        return self.execution in ("AVAILABLE", "UNAVAILABLE", "OBSOLETE")


def described(change: Change, *, values: bool) -> dict[str, Any]:
    """A change as DescribeChangeSet shows it, with the values before and after when they are asked for."""
    shown: dict[str, Any] = {
        "PolicyAction": _policy_action(change),
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": change.physical_id or None,
        "ResourceType": change.type,
        "Scope": _scope(change) if change.action == "Modify" else [],
        "Details": list(_details(change, values=values)) if change.action == "Modify" else [],
    }
    if change.action == "Modify":
        shown["Replacement"] = change.replacement
    if values and change.action == "Modify":
        shown["BeforeContext"] = _context({item.name: item.before for item in change.properties})
        shown["AfterContext"] = _context({item.name: item.after for item in change.properties})
    return {"Type": "Resource", "ResourceChange": shown}


def _scope(change: Change) -> list[str]:
    names = {item.name for item in change.properties}
    attributes = {"Tags" if name == _tags_of(change) else "Properties" for name in names}
    return sorted(attributes) + list(change.aspects)


def _details(change: Change, *, values: bool) -> Iterator[dict[str, Any]]:
    for item in change.properties:
        for cause in item.causes:
            yield {
                "Target": _target(change, item, values=values),
                "Evaluation": "Static" if cause.certain else "Dynamic",
                "ChangeSource": cause.source,
                "CausingEntity": cause.entity or None,
            }
    for aspect in change.aspects:
        target = {"Attribute": aspect, "RequiresRecreation": "Never"}
        yield {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def _target(change: Change, item: PropertyChange, *, values: bool) -> dict[str, Any]:
    tagging = item.name == _tags_of(change)
    target: dict[str, Any] = {
        "Attribute": "Tags" if tagging else "Properties",
        "Name": None if tagging else item.name,
        "RequiresRecreation": "Always" if item.recreates else "Never",
        "Path": f"/Properties/{item.name}",
    }
    if values:
        target |= {"BeforeValue": _shown(item.before), "AfterValue": _shown(item.after)}
    return target


def _tags_of(change: Change) -> str | None:
    return None if CATALOGUE[change.type].schema.tags == "none" else "Tags"


def _policy_action(change: Change) -> str | None:
    if change.action == "Remove":
        return "Retain" if change.retained else "Delete"
    if change.action == "Modify" and change.replacement != "False":
        return "ReplaceAndRetain" if change.retained else "ReplaceAndDelete"
    return None


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _LATER if isinstance(value, Unknown) else json.dumps(value, default=lambda _: _LATER)


def _context(values: dict[str, Any]) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return json.dumps({"Properties": given}, default=lambda _: _LATER)
