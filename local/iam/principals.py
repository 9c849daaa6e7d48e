"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["root", "user", "role", "service", "federated", "anonymous"]


@dataclass(frozen=True)
class Principal:
    """A caller, as policies name it."""

    kind: Kind
    arn: str
    """`arn:aws:sts::<account>:assumed-role/<role>/<session>`, a user's, the account root's; a service's is its name,
    such as `events.amazonaws.com`."""
    account: str
    role: str = ""
    """ARN of the role whose session it is."""
    id: str = ""
    """`AROA…:<session>` or `AIDA…`."""
    key: str = ""
    """The access key of a session."""

    @property
    def identity(self) -> str:
        """The ARN whose policies count: the role's for a session (global condition key `aws:PrincipalArn`)."""
        return self.role or self.arn


def service(name: str) -> Principal:
    """An AWS service, such as `events.amazonaws.com`."""
    return Principal("service", name, account="")


def root(account: str) -> Principal:
    """An account's administrator."""
    return Principal("root", f"arn:aws:iam::{account}:root", account)


NOBODY = Principal("anonymous", "anonymous", account="")
"""Whoever does not sign."""
FEDERATED = Principal("federated", "federated", account="")
"""Whoever brings a token of another identity provider, which is not looked into here."""
