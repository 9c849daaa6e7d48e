"""Policy documents, read once: which statements speak of an action, a resource, a caller, under which conditions.

Source: IAM User Guide, "IAM JSON policy elements reference".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from local.iam.conditions import Condition, Presence, conditions
from local.iam.trustees import Trustees
from local.iam.wildcards import Context, Matches, any_like

_VARIABLES_SINCE: Final = "2012-10-17"


@dataclass(frozen=True)
class Statement:
    """One statement, ready to be asked."""

    index: int
    sid: str
    allows: bool
    actions: tuple[Matches, bool]
    """What is matched, and whether that is meant (Action) or all else (NotAction)."""
    resources: tuple[Matches, bool] | None
    """None for policies that name no resources: that of a role's trust, and of some resources."""
    trustees: Trustees | None
    """Who is meant; None in the policies of identities."""
    conditions: tuple[Condition | Presence, ...]

    def speaks_of(self, action: str) -> bool:
        """Whether the statement is about the action; `action` in lower case."""
        matches, meant = self.actions
        return matches(action, {}) == meant

    def covers(self, resource: str, context: Context) -> bool:
        """Whether the statement is about the resource, under conditions that hold.

        `resource` is empty where it is the one that the policy belongs to, whichever that is.
        """
        if self.resources is not None and resource:
            matches, meant = self.resources
            if matches(resource, context) != meant:
                return False
        return all(condition.holds(context) for condition in self.conditions)


@dataclass(frozen=True)
class Policy:
    """A policy document."""

    statements: tuple[Statement, ...]
    _speaking: dict[str, tuple[Statement, ...]] = field(default_factory=dict, compare=False, repr=False)

    def speaking_of(self, action: str) -> tuple[Statement, ...]:
        """The statements about an action, `<prefix>:<Name>` in any case; found once, as few are asked often."""
        found = self._speaking.get(action)
        if found is None:
            lower = action.lower()
            found = tuple(statement for statement in self.statements if statement.speaks_of(lower))
            self._speaking[action] = found
        return found


@lru_cache(maxsize=2048)
def policy(document: str) -> Policy:
    """The policy in a JSON document. Raises UnsupportedLocally for a condition operator that IAM does not have."""
    read = json.loads(document)
    # Policies of the older version take variables for plain text.
    variables = read.get("Version") == _VARIABLES_SINCE
    statements = listed(read.get("Statement", []))
    return Policy(tuple(_statement(index, each, variables=variables) for index, each in enumerate(statements)))


def listed(value: Any) -> list[Any]:
    """A policy's element as the list that it stands for."""
    return value if isinstance(value, list) else [value]


def without(document: str, *, index: int, action: str | None = None) -> str:
    """A document that lacks one statement, or one statement's action; JSON text."""
    return json.dumps(_reduced(json.loads(document), index=index, action=action))


def _reduced(document: dict[str, Any], *, index: int, action: str | None) -> dict[str, Any]:
    return {**document, "Statement": list(_kept(listed(document["Statement"]), index=index, action=action))}


def _kept(statements: list[dict[str, Any]], *, index: int, action: str | None) -> Iterator[dict[str, Any]]:
    for at, statement in enumerate(statements):
        if at != index:
            yield statement
        elif action is not None and (rest := [a for a in listed(statement["Action"]) if a != action]):
            yield {**statement, "Action": rest}


def _statement(index: int, given: Mapping[str, Any], *, variables: bool) -> Statement:
    actions = _element(given, "Action", variables=False, lower=True)
    if actions is None:
        actions = (any_like((), variables=False), True)
    return Statement(
        index=index,
        sid=str(given.get("Sid", "")),
        allows=given.get("Effect") == "Allow",
        actions=actions,
        resources=_element(given, "Resource", variables=variables),
        trustees=Trustees.of(given),
        conditions=conditions(given.get("Condition") or {}, variables=variables),
    )


def _element(
    given: Mapping[str, Any], name: str, *, variables: bool, lower: bool = False
) -> tuple[Matches, bool] | None:
    for key, meant in ((name, True), (f"Not{name}", False)):
        if key in given:
            texts = tuple(str(text).lower() if lower else str(text) for text in listed(given[key]))
            return any_like(texts, variables=variables), meant
    return None
