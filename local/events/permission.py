"""Whether a resource's own policy lets EventBridge in on behalf of a rule."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from typing import Any

_PRINCIPAL = "events.amazonaws.com"


def allows(policy: str, *, action: str, rule_arn: str) -> bool:
    """Whether a policy document grants `action` to EventBridge for the rule; a matching Deny wins.

    Principals other than EventBridge's and the wildcard are not looked at. A condition on a key that EventBridge does
    not send, or with an operator other than String, Arn and Bool ones, does not hold ("IAM JSON policy elements").
    """
    account = rule_arn.split(":")[4]
    context = {"aws:sourcearn": rule_arn, "aws:sourceaccount": account, "aws:securetransport": "true"}
    statements = _listed(json.loads(policy).get("Statement", []))
    effects = {s["Effect"] for s in statements if _applies(s, action=action, context=context)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], *, action: str, context: Mapping[str, str]) -> bool:
    return (
        _names_events(statement.get("Principal"))
        and any(fnmatch.fnmatchcase(action.lower(), a.lower()) for a in _listed(statement.get("Action", [])))
        and all(_holds(operator, keys, context) for operator, keys in statement.get("Condition", {}).items())
    )


def _names_events(principal: Any) -> bool:
    if isinstance(principal, str):
        return principal == "*"
    if not isinstance(principal, dict):
        return False
    return _PRINCIPAL in _listed(principal.get("Service", [])) or "*" in _listed(principal.get("AWS", []))


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
