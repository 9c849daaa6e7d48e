"""Who is meant by a resource's policy: its elements Principal and NotPrincipal.

Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.iam.principals import Principal

Trust = Literal["no", "account", "role", "caller"]
"""Who is trusted of a caller: nobody, its account, its role, or itself (a session, a user, a service, anybody)."""


@dataclass(frozen=True)
class Trustees:
    """The principals of one statement."""

    kinds: Mapping[str, tuple[str, ...]]
    """Values by kind: AWS, Service, Federated, CanonicalUser; `*` alone is `AWS` and all other kinds."""
    meant: bool
    """False for NotPrincipal: everybody else is meant."""

    @classmethod
    def of(cls, statement: Mapping[str, Any]) -> Trustees | None:
        """Those of a statement; None when it names none, as in an identity's policy."""
        for key, meant in (("Principal", True), ("NotPrincipal", False)):
            if key in statement:
                return cls(_kinds(statement[key]), meant)
        return None

    def trust(self, caller: Principal) -> Trust:
        """How far the statement means the caller."""
        named = self._named(caller)
        if self.meant:
            return named
        return "caller" if named == "no" else "no"

    def _named(self, caller: Principal) -> Trust:
        named = (*self.kinds.get("AWS", ()), *self.kinds.get("*", ()))
        if caller.kind == "service":
            return "caller" if "*" in named or caller.arn in self.kinds.get("Service", ()) else "no"
        if caller.kind == "federated":
            return "caller" if self.kinds.get("Federated") or "*" in named else "no"
        if caller.arn in named or (caller.id and caller.id in named):
            return "caller"
        if "*" in named or (caller.role and caller.role in named):
            # Everybody is a role's session as the role is, which boundary and session policies limit.
            return "role" if caller.role else "caller"
        root = f"arn:aws:iam::{caller.account}:root"
        return "account" if caller.account and (caller.account in named or root in named) else "no"


def _kinds(given: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(given, str):
        return {"*": (given,)}
    return {kind: tuple(value) if isinstance(value, list) else (value,) for kind, value in given.items()}
