"""What was decided about one action on one resource, and by which statement: a value that can be kept and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Effect = Literal["Allow", "Deny", "ImplicitDeny"]
"""`Deny` is a statement's; `ImplicitDeny` is that no statement allows."""
Source = Literal["identity", "resource", "boundary", "session"]


@dataclass(frozen=True)
class Origin:
    """Where a statement stands."""

    source: Source
    owner: str
    """ARN of the role, user, group or resource whose policy it is."""
    policy: str
    """Name of an inline policy, ARN of a managed one; empty for a resource's own."""
    index: int
    """Its place among the policy's statements, from 0."""
    sid: str = ""


@dataclass(frozen=True)
class Decision:
    """One action that a request asked for, and what came of it.

    A request may ask for several: CreateModel for `sagemaker:CreateModel` and for `iam:PassRole`.
    """

    principal: str
    """ARN of who asked: `arn:aws:sts::<account>:assumed-role/<role>/<session>`, or of a user."""
    role: str
    """ARN of the role whose session it is; empty for users."""
    action: str
    """`<prefix>:<Name>`, such as `s3:GetObject`."""
    resource: str
    """ARN, or `*` for actions that know no resources."""
    effect: Effect
    statement: Origin | None
    """The statement that decided; None if none did. Of several that allow, the first."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every condition key that the request has, in lower case, with its values."""
    service: str = ""
    """botocore's name of the service that was called."""
    operation: str = ""
    request_id: str = ""
