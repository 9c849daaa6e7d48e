"""Policies that requests bring: those that IAM could not read are refused when they are put, as AWS does.

Source: IAM User Guide, "IAM JSON policy elements reference": which elements a policy of each kind must or may not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local.errors import AwsError, UnsupportedLocally
from local.iam.documents import listed, policy

if TYPE_CHECKING:
    from local.requests import Asked


@dataclass(frozen=True)
class _Draft:
    """Where a request has a policy, and what its statements must have and may not."""

    member: str
    code: str
    """The error for one that cannot be read."""
    needs: tuple[str, ...] = ("Principal",)
    lacks: tuple[str, ...] = ()


_MALFORMED: Final = "MalformedPolicyDocument"
_IDENTITY: Final = _Draft("PolicyDocument", _MALFORMED, needs=(), lacks=("Principal",))
_DRAFTS: Final[Mapping[tuple[str, str], _Draft]] = {
    **{("iam", f"Create{what}"): _IDENTITY for what in ("Policy", "PolicyVersion")},
    **{("iam", f"Put{whose}Policy"): _IDENTITY for whose in ("Group", "Role", "User")},
    ("dynamodb", "PutResourcePolicy"): _Draft("Policy", "ValidationException"),
    ("iam", "CreateRole"): _Draft("AssumeRolePolicyDocument", _MALFORMED, lacks=("Resource",)),
    ("iam", "UpdateAssumeRolePolicy"): _Draft("PolicyDocument", _MALFORMED, lacks=("Resource",)),
    ("kms", "CreateKey"): _Draft("Policy", "MalformedPolicyDocumentException"),
    ("kms", "PutKeyPolicy"): _Draft("Policy", "MalformedPolicyDocumentException"),
    ("s3", "PutBucketPolicy"): _Draft("Policy", "MalformedPolicy", needs=("Principal", "Resource")),
    ("sagemaker", "PutModelPackageGroupPolicy"): _Draft("ResourcePolicy", "ValidationException"),
    ("secretsmanager", "PutResourcePolicy"): _Draft("ResourcePolicy", "MalformedPolicyDocumentException"),
    ("sts", "AssumeRole"): _Draft("Policy", _MALFORMED, needs=(), lacks=("Principal",)),
}
_ATTRIBUTES: Final = {
    "sns": _Draft("Policy", "InvalidParameter"),
    "sqs": _Draft("Policy", "InvalidAttributeValue"),
}
"""Services whose resources have their policies among other attributes."""


def check_draft(asked: Asked) -> None:
    """Raise AwsError, as the service spells it, unless the policy that a request brings can be evaluated."""
    if (asked.service, asked.operation) in _DRAFTS:
        draft = _DRAFTS[asked.service, asked.operation]
        _read(asked.params.get(draft.member), draft)
    elif asked.service in _ATTRIBUTES:
        _read(_in_attributes(asked.params), _ATTRIBUTES[asked.service])


def _in_attributes(params: Mapping[str, Any]) -> Any:
    if params.get("AttributeName") == "Policy":
        return params.get("AttributeValue")
    attributes = params.get("Attributes")
    return attributes.get("Policy") if isinstance(attributes, dict) else None


def _read(document: Any, draft: _Draft) -> None:
    if not document:
        return
    try:
        _require_shape(json.loads(document), draft)
        policy(document)
    except UnsupportedLocally as error:
        raise AwsError(draft.code, f"The policy is not valid: {error.what}") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise AwsError(draft.code, f"The policy is not valid: {error}") from error


def _require_shape(document: Any, draft: _Draft) -> None:
    if not isinstance(document, dict):
        raise ValueError("a policy is a JSON object")
    if not document.get("Statement"):
        raise ValueError("Missing required field Statement")
    for statement in listed(document["Statement"]):
        if not isinstance(statement, dict):
            raise ValueError("a statement is a JSON object")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError(f"Invalid effect: {statement.get('Effect')}")
        for element in ("Action", *draft.needs):
            if not any(_given(statement.get(name)) for name in (element, f"Not{element}")):
                raise ValueError(f"Missing required field {element}")
        for element in draft.lacks:
            if element in statement or f"Not{element}" in statement:
                raise ValueError(f"Has prohibited field {element}")


def _given(value: Any) -> bool:
    """Whether an element is a text, texts, or either of them by kind."""
    if isinstance(value, dict):
        return bool(value) and all(_given(each) for each in value.values())
    texts = listed(value)
    return bool(texts) and all(isinstance(text, str) and text for text in texts)
