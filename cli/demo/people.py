"""Who the demo plays, and the model that they work on."""

from __future__ import annotations

from dataclasses import dataclass

from cli.connection import Connection

MODEL = "credit-risk"


@dataclass(frozen=True)
class People:
    """The same stage as the three who work on it: each has a role and no other's rights."""

    scientist: Connection
    approver: Connection
    operator: Connection
