"""Whether a resource's own policy lets an AWS service in on behalf of one of the account's resources."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def allows(
    policy: str, principal: str, *, action: str, source_arn: str, more: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Whether a policy document grants `action` to a service such as `events.amazonaws.com`; a matching Deny wins.

    `source_arn` is the rule, schedule group or alarm on whose behalf the service asks; `more` are condition keys, in
    small letters, that only some services send. Principals other than the service and the wildcard are not looked at.
    A condition on a key that the service does not send, or with an operator other than String, Arn and Bool ones, does
    not hold ("IAM JSON policy elements").
    """
    account = source_arn.split(":")[4]
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": account, "aws:securetransport": "true", **more}
    statements = [s for s in _listed(json.loads(policy).get("Statement", [])) if _names(s.get("Principal"), principal)]
    effects = {s["Effect"] for s in statements if _applies(s, action=action, context=context)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], *, action: str, context: Mapping[str, str]) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), a.lower()) for a in _listed(statement.get("Action", []))) and all(
        _holds(operator, keys, context) for operator, keys in statement.get("Condition", {}).items()
    )


def _names(given: Any, principal: str) -> bool:
    if isinstance(given, str):
        return given == "*"
    if not isinstance(given, dict):
        return False
    return principal in _listed(given.get("Service", [])) or "*" in _listed(given.get("AWS", []))


def _holds(operator: str, keys: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        key.lower() in context and any(_compares(operator, context[key.lower()], str(v)) for v in _listed(wanted))
        for key, wanted in keys.items()
    )


def _compares(operator: str, value: str, wanted: str) -> bool:
    if operator in ("ArnEquals", "ArnLike", "StringLike"):
        return fnmatch.fnmatchcase(value, wanted)
    if operator == "Bool":
        return value == wanted.lower()
    return operator == "StringEquals" and value == wanted


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
