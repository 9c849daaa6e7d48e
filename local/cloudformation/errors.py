"""What can go wrong with a stack.

local.errors.LocalError
├── AwsError
│   └── InvalidRequest      CloudFormation refuses the request or its template: `ValidationError`
└── ResourceFailed          a resource could not be made, changed or removed; the reason goes into its event
    └── Cancelled           it was given up, because another one failed or somebody asked to
"""

from __future__ import annotations

from local.errors import AwsError, LocalError


class InvalidRequest(AwsError):
    """The request, or the template it carries, breaks a rule of CloudFormation."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message)


class ResourceFailed(LocalError):
    """A resource of a stack failed; the text is the event's reason."""


class Cancelled(ResourceFailed):
    """Work on a resource was given up before it was done."""
