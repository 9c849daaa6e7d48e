"""What can go wrong in the local cloud.

LocalError
├── AwsError                an answer that AWS's own clients understand
│   ├── ValidationError     the request is wrong: `ValidationException`
│   ├── UnsupportedLocally  this cloud does not do that, and says its name
│   └── StateError          what was asked cannot be kept, the disk being full: `InternalFailure`
├── StartError              the local cloud cannot start: a sentence for a person
└── SnapshotError           something that a service of moto's holds cannot be written down as it is
"""

from __future__ import annotations


class LocalError(Exception):
    """Root of the room's errors."""


class AwsError(LocalError):
    """An error as AWS puts it on the wire: a code, a message and an HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class ValidationError(AwsError):
    """The request breaks a rule of the service."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class UnsupportedLocally(AwsError):
    """An operation, resource type or option that exists on AWS and not here. HTTP 400, so that no client retries it."""

    def __init__(self, what: str, *, reason: str = "") -> None:
        because = f": {reason}" if reason else ""
        super().__init__("UnsupportedLocally", f"The local cloud does not support {what}{because}.")
        self.what = what


class StateError(AwsError):
    """A change cannot be kept under `--state`, so it was not made; the cloud goes on."""

    def __init__(self, message: str) -> None:
        super().__init__("InternalFailure", message, status=500)


class StartError(LocalError):
    """The local cloud cannot start, for instance because its port is taken."""


class SnapshotError(LocalError):
    """The state of moto's services cannot be pickled; the message names what."""
