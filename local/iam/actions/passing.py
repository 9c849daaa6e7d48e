"""The roles that a request hands to a service, which takes the right to pass them.

Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.wanted import Wanted

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
    if not asked.mutates or asked.service in ("sts", "iam", "kms"):
        return
    service = _PRINCIPALS.get(asked.service, f"{asked.service}.amazonaws.com")
    for arn in sorted(set(_roles(asked.params))):
        yield Wanted("iam:PassRole", (arn,), {"iam:passedtoservice": (service,)})


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, str):
                if _MEMBER.fullmatch(str(name)) and _ROLE.fullmatch(item):
                    yield item
            else:
                yield from _roles(item)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item)
