"""Bucket policies with their conditions, which moto's own check leaves out: it would deny every request over TLS."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.errors import UnsupportedLocally

CONTEXT: Final = {
    # Loopback counts as TLS: nothing leaves the machine.
    "aws:securetransport": "true",
    "s3:tlsversion": "1.3",
}
"""What is known of every request, by condition key in lower case."""

Comparison = Callable[[str, str], bool]

_OPERATORS: Final[Mapping[str, Comparison]] = {
    "Bool": lambda given, wanted: given.lower() == wanted.lower(),
    "StringEquals": lambda given, wanted: given == wanted,
    "StringLike": fnmatch.fnmatchcase,
    "ArnLike": fnmatch.fnmatchcase,
    "ArnEquals": fnmatch.fnmatchcase,
    "NumericLessThan": lambda given, wanted: float(given) < float(wanted),
    "NumericGreaterThan": lambda given, wanted: float(given) > float(wanted),
}
_NEGATED: Final = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotLike": "ArnLike"}


def judge_conditions() -> None:
    """Make moto's buckets evaluate the conditions of their policies."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = self.policy.decode() if isinstance(self.policy, bytes) else self.policy
        return IAMPolicy(json.dumps(in_force(json.loads(document)))).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission  # type: ignore[method-assign]


def in_force(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with only the statements whose conditions hold, without those conditions."""
    statements = policy.get("Statement", [])
    listed = [statements] if isinstance(statements, dict) else statements
    holding = [statement for statement in listed if holds(statement.get("Condition", {}))]
    return {**policy, "Statement": [{k: v for k, v in s.items() if k != "Condition"} for s in holding]}


def holds(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a statement's condition holds for a request here: every operator, every key, any value.

    A key that is not known satisfies negated operators and no other (IAM User Guide, "Condition operators").
    Raises UnsupportedLocally for an operator that is not known.
    """
    return all(
        _key_holds(operator, key.lower(), _values(wanted))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _key_holds(operator: str, key: str, wanted: list[str]) -> bool:
    plain = operator.removesuffix("IfExists")
    given = CONTEXT.get(key)
    if plain == "Null":
        return (given is None) == (wanted[0].lower() == "true")
    negated = plain in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(plain, plain))
    if compare is None:
        raise UnsupportedLocally(f"the condition operator {operator}")
    if given is None:
        return negated or operator != plain
    return any(compare(given, value) for value in wanted) != negated


def _values(wanted: Any) -> list[str]:
    return [str(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
