"""What policies would say: IAM's policy simulator.

Source: AWS IAM API Reference, "SimulatePrincipalPolicy" and "SimulateCustomPolicy".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from local.errors import AwsError
from local.iam.conditions import Presence
from local.iam.evaluation import Ask, Held, Policies, ResourcePolicy, Verdict, judge
from local.iam.issued import Issued
from local.iam.principals import Principal
from local.iam.wildcards import Values

Params = Mapping[str, Any]

_DECISIONS: Final = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
_ANY: Final = ("*",)


class Simulator:
    """Judges actions that nobody asks for, by the policies of an identity or by some that are brought along."""

    def __init__(self, issued: Issued, *, account: str) -> None:
        self._issued, self._account = issued, account

    def of_principal(self, params: Params) -> dict[str, Any]:
        """SimulatePrincipalPolicy. Raises AwsError `NoSuchEntity`."""
        source = str(params["PolicySourceArn"])
        caller = self._principal(source)
        own = self._issued.policies(caller)
        added = _brought(params.get("PolicyInputList"), source)
        boundary = _limit(params) or own.boundary
        return self._simulated(params, caller, Policies((*own.identity, *added), boundary=boundary))

    def of_custom(self, params: Params) -> dict[str, Any]:
        """SimulateCustomPolicy."""
        name = str(params.get("CallerArn") or f"arn:aws:iam::{self._account}:user/simulated")
        caller = Principal("user", name, self._account)
        brought = tuple(_brought(params.get("PolicyInputList"), name))
        return self._simulated(params, caller, Policies(brought, boundary=_limit(params)))

    def _principal(self, arn: str) -> Principal:
        kind, _, name = arn.partition(f"arn:aws:iam::{self._account}:")[2].partition("/")
        if kind == "role" and self._issued.find_role(arn) is not None:
            return Principal("role", arn, self._account, role=arn)
        if kind == "user" and self._issued.user_arn(name.rpartition("/")[2]) == arn and self._issued.has_user(name):
            return Principal("user", arn, self._account)
        raise AwsError("NoSuchEntity", f"No {kind or 'entity'} {name or arn} was found", status=404)

    def _simulated(self, params: Params, caller: Principal, policies: Policies) -> dict[str, Any]:
        context = {str(e["ContextKeyName"]).lower(): _values(e) for e in params.get("ContextEntries") or []}
        policy = params.get("ResourcePolicy")
        own = ResourcePolicy(Held(policy, "resource", "") if policy else None, self._account)
        results = [
            _result(Ask(str(action), str(resource), context), caller, policies=policies, own=own)
            for action, resource in product(params["ActionNames"], params.get("ResourceArns") or _ANY)
        ]
        return {"EvaluationResults": results, "IsTruncated": False}


def _result(ask: Ask, caller: Principal, *, policies: Policies, own: ResourcePolicy) -> dict[str, Any]:
    verdict = judge(ask, caller, policies=policies, resource=own)
    limit = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": verdict.lacking != "boundary"}}
    return {
        "EvalActionName": ask.action,
        "EvalResourceName": ask.resource,
        "EvalDecision": _DECISIONS[verdict.effect],
        "MatchedStatements": _matched(verdict),
        "MissingContextValues": sorted(set(_missing(ask, policies))),
        **(limit if policies.boundary is not None else {}),
    }


def _matched(verdict: Verdict) -> list[dict[str, Any]]:
    if verdict.origin is None:
        return []
    kinds = {"identity": "IAM Policy", "resource": "Resource Policy"}
    named = verdict.origin.policy.rpartition("/")[2] or verdict.origin.owner
    return [{"SourcePolicyId": named, "SourcePolicyType": kinds.get(verdict.origin.source, "IAM Policy")}]


def _missing(ask: Ask, policies: Policies) -> Iterator[str]:
    """The keys that conditions of statements about the action ask for and that are not given."""
    for held in policies.identity:
        for statement in held.policy.speaking_of(ask.action):
            for condition in statement.conditions:
                if not isinstance(condition, Presence) and condition.key not in ask.context:
                    yield condition.key


def _brought(documents: Any, owner: str) -> Iterator[Held]:
    for number, document in enumerate(documents or [], 1):
        yield Held(str(document), "identity", owner, f"PolicyInputList.{number}")


def _limit(params: Params) -> Held | None:
    given = params.get("PermissionsBoundaryPolicyInputList") or []
    return Held(str(given[0]), "boundary", "", "PermissionsBoundaryPolicyInputList.1") if given else None


def _values(entry: Params) -> Values:
    return tuple(str(value) for value in entry.get("ContextKeyValues") or [])
