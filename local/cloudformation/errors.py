"""What can go wrong with a stack.

local.errors.LocalError
├── AwsError
│   └── InvalidRequest      CloudFormation refuses the request or its template: `ValidationError`
└── ResourceFailed          a resource could not be made, changed or removed; the reason goes into its event
    ├── Cancelled           it was given up, because another one failed or somebody asked to
    └── HalfMade            its creation failed, and yet there is something to be deleted
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


class HalfMade(ResourceFailed):
    """A resource failed to be made and has a physical id all the same, by which it is to be deleted."""

    def __init__(self, reason: str, *, physical_id: str) -> None:
        super().__init__(reason)
        self.physical_id = physical_id
