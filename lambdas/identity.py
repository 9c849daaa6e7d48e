"""Who did something in SageMaker: one ARN for one person, so that two can be told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_ASSUMED: Final = re.compile(r"^arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>.+)/[^/]+$")
_MACHINE: Final = re.compile(r"/(botocore-session-\d+|aws-sdk-[a-z0-9-]+|AWSCLI-Session|\d+|SageMaker)$", re.IGNORECASE)


def person(context: Mapping[str, Any] | None) -> str:
    """The ARN of who stands in a `CreatedBy` or `LastModifiedBy`, empty when nobody does.

    A Studio user is a user profile, everybody else an IAM identity (SageMaker API Reference, "UserContext").
    """
    if not context:
        return ""
    identity = context.get("IamIdentity") or {}
    return str(context.get("UserProfileArn") or same(identity.get("Arn", "")))


def same(arn: str) -> str:
    """The ARN under which one person is always known.

    A session that a program named (a role assumed by an SDK, a service) is the role itself; one that bears a person's
    name, as sign-on services choose it, is that person.
    """
    assumed = _ASSUMED.match(arn)
    if assumed is None or not _MACHINE.search(arn):
        return arn
    return f"arn:{assumed['partition']}:iam::{assumed['account']}:role/{assumed['role']}"
