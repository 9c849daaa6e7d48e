"""A stack's resources as they stand, and what an operation has done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Live:
    """A resource of a stack as it was last made or changed. `physical_id` is empty until it exists."""

    logical_id: str
    type: str
    name: str
    properties: Mapping[str, Any]
    needs: frozenset[str]
    deletion_policy: str
    update_replace_policy: str
    metadata: Any
    physical_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""
    reason: str = ""
    changed_at: datetime | None = None

    @property
    def exists(self) -> bool:
        """Whether there is something behind the record."""
        return bool(self.physical_id) and self.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")


@dataclass
class Step:
    """What an operation has done to one resource: created when `before` is None, replaced when the ids differ.

    `superseded` are copies of a failed update that another update has replaced in turn.
    """

    before: Live | None
    after: Live
    superseded: list[Live] = field(default_factory=list)

    @property
    def created(self) -> bool:
        """Whether the operation made the resource, first or anew."""
        return self.before is None or self.before.physical_id != self.after.physical_id


def reported(live: Live, status: str, at: datetime, *, reason: str = "") -> Live:
    """The record with another status."""
    return replace(live, status=status, reason=reason, changed_at=at)
