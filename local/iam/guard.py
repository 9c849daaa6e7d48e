"""The seam between the front door and IAM: what must say yes before a request is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from local.requests import Asked


class Guard(Protocol):
    """Says who may do what."""

    def check(self, asked: Asked) -> None:
        """Let a request pass, or raise AwsError in the words and with the code and status of its service."""
        ...


class AllowsAll:
    """A guard of nothing: every caller is the account's administrator."""

    def check(self, asked: Asked) -> None:
        """Let every request pass."""
