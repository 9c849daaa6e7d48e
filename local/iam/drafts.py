"""Policies that requests bring: those that IAM could not read are refused when they are put, as AWS does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from local.errors import AwsError, UnsupportedLocally
from local.iam.documents import policy

if TYPE_CHECKING:
    from local.requests import Asked

_MEMBERS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("dynamodb", "PutResourcePolicy"): ("Policy", "ValidationException"),
    ("kms", "CreateKey"): ("Policy", "MalformedPolicyDocumentException"),
    ("kms", "PutKeyPolicy"): ("Policy", "MalformedPolicyDocumentException"),
    ("s3", "PutBucketPolicy"): ("Policy", "MalformedPolicy"),
    ("sagemaker", "PutModelPackageGroupPolicy"): ("ResourcePolicy", "ValidationException"),
    ("secretsmanager", "PutResourcePolicy"): ("ResourcePolicy", "MalformedPolicyDocumentException"),
    ("sts", "AssumeRole"): ("Policy", "MalformedPolicyDocument"),
}
"""Where requests have a policy, and the error for one that cannot be read."""
_ATTRIBUTES: Final = {"sqs": "InvalidAttributeValue", "sns": "InvalidParameter"}


def check_draft(asked: Asked) -> None:
    """Raise AwsError, as the service spells it, unless the policy that a request brings can be evaluated."""
    if (asked.service, asked.operation) in _MEMBERS:
        member, code = _MEMBERS[asked.service, asked.operation]
        _read(asked.params.get(member), code)
    elif asked.service in _ATTRIBUTES:
        _read(_in_attributes(asked.params), _ATTRIBUTES[asked.service])


def _in_attributes(params: Mapping[str, Any]) -> Any:
    if params.get("AttributeName") == "Policy":
        return params.get("AttributeValue")
    attributes = params.get("Attributes")
    return attributes.get("Policy") if isinstance(attributes, dict) else None


def _read(document: Any, code: str) -> None:
    if not document:
        return
    try:
        if not isinstance(json.loads(document), dict):
            raise ValueError("a policy is a JSON object")
        policy(document)
    except UnsupportedLocally as error:
        raise AwsError(code, f"The policy is not valid: {error.what}") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise AwsError(code, f"The policy is not valid: {error}") from error
