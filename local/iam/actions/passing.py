"""The roles that a request hands to a service, which takes the right to pass them.

Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.iam.actions.wanted import Wanted
from local.model import service

if TYPE_CHECKING:
    from local.requests import Asked

_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_MEMBER: Final = re.compile(r".*role(arn)?", re.IGNORECASE)
_PRINCIPALS: Final[Mapping[str, str]] = {
    "application-autoscaling": "application-autoscaling.amazonaws.com",
    "cloudformation": "cloudformation.amazonaws.com",
    "cloudtrail": "cloudtrail.amazonaws.com",
    "cloudwatch": "streams.metrics.cloudwatch.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "logs": "logs.amazonaws.com",
    "s3": "s3.amazonaws.com",
    "sagemaker": "sagemaker.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "sns": "sns.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
"""To whom the roles in a service's requests are passed (condition key `iam:PassedToService`)."""


def passed_roles(asked: Asked) -> Iterator[Wanted]:
    """One `iam:PassRole` for each role in a request that changes something."""
    if not asked.mutates or asked.service in ("sts", "iam", "kms") or not _may_pass(asked.service, asked.operation):
        return
    receiver = _PRINCIPALS.get(asked.service, f"{asked.service}.amazonaws.com")
    for arn in sorted(set(_roles(dict(asked.params)))):
        yield Wanted("iam:PassRole", (arn,), {"iam:passedtoservice": (receiver,)})


@functools.cache
def _may_pass(name: str, operation: str) -> bool:
    """Whether an operation's requests have room for a role at all: most have none, and some are long."""
    shape = service(name).operation_model(operation).input_shape
    return shape is not None and _has_room(shape, within=())


def _has_room(shape: Shape, *, within: tuple[str, ...]) -> bool:
    if shape.name in within:
        return False
    below = (*within, shape.name)
    if isinstance(shape, StructureShape):
        named = shape.members.items()
        return any(_MEMBER.fullmatch(name) or _has_room(member, within=below) for name, member in named)
    if isinstance(shape, MapShape):
        return _has_room(shape.value, within=below)
    return isinstance(shape, ListShape) and _has_room(shape.member, within=below)


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str):
                if _MEMBER.fullmatch(name) and _ROLE.fullmatch(item):
                    yield item
            else:
                yield from _roles(item)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item)
