"""The proof that no role has more than it needs: whatever is taken away, something that has been done is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.iam.documents import without
from local.iam.evaluation import Ask, Held, Policies, ResourcePolicy, judge
from local.iam.principals import Principal
from local.iam.wildcards import any_like

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Use:
    """What a role has asked for and was allowed: one action on one resource, with the condition keys that mattered."""

    role: str
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    path: str = field(default="", compare=False)
    """In which of the named paths it was first seen."""

    @property
    def key(self) -> str:
        """The same for the same use, whenever it is recorded."""
        return json.dumps([self.role, self.action, self.resource, sorted(self.context.items())])


@dataclass(frozen=True)
class Cut:
    """One action of one statement of one role's policy."""

    role: str
    policy: str
    index: int
    action: str

    def __str__(self) -> str:
        return f"{self.role}: {self.action} in statement {self.index} of {self.policy}"


Documents = Mapping[str, str]
"""A role's policies, JSON text by name."""


def cuts(role: str, documents: Documents) -> Iterator[Cut]:
    """Every action of every statement that allows something. What refuses gives no right that could be too much."""
    for name, document in documents.items():
        for index, statement in enumerate(json.loads(document)["Statement"]):
            if statement["Effect"] == "Allow":
                yield from (Cut(role, name, index, action) for action in listed(statement["Action"]))


def refused(uses: Sequence[Use], documents: Documents) -> list[Use]:
    """Those of a role's uses that its policies do not allow."""
    held = tuple(Held(document, "identity", "role", name) for name, document in documents.items())
    return [use for use in uses if not _allowed(use, Policies(identity=held))]


def needless(role: str, documents: Documents, uses: Sequence[Use]) -> list[Cut]:
    """The actions without which everything that was done could still have been done."""
    return [cut for cut in cuts(role, documents) if not refused(_touched(uses, cut), reduced(documents, cut))]


def reduced(documents: Documents, cut: Cut) -> dict[str, str]:
    """The policies without one action of one statement."""
    return {**documents, cut.policy: without(documents[cut.policy], index=cut.index, action=cut.action)}


def listed(value: Any) -> list[Any]:
    """An element of a policy, which IAM lets stand alone when there is one."""
    return value if isinstance(value, list) else [value]


def _touched(uses: Sequence[Use], cut: Cut) -> list[Use]:
    action = any_like((cut.action.lower(),), variables=False)
    return [use for use in uses if action(use.action.lower(), {})]


def _allowed(use: Use, policies: Policies) -> bool:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{use.role}/proof"
    caller = Principal("role", arn, ACCOUNT, role=f"arn:aws:iam::{ACCOUNT}:role/{use.role}")
    ask = Ask(use.action, use.resource, {key: tuple(values) for key, values in use.context.items()})
    return judge(ask, caller, policies=policies, resource=_policy_of(use)).effect == "Allow"


def _policy_of(use: Use) -> ResourcePolicy:
    """The stage's keys leave it to the account's identity policies who uses them; no other resource lets roles in."""
    if not use.resource.startswith("arn:aws:kms:"):
        return ResourcePolicy(None, ACCOUNT)
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return ResourcePolicy(Held(document, "resource", use.resource), ACCOUNT, needed=True)
