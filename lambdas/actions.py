"""What a decision can be: one thing to write, to ask, to say, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lambdas.records import Opened, Record, Recovery
from lambdas.situation import Package


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing is to be done, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Append:
    """This is to be written: what was seen is now known."""

    record: Record


@dataclass(frozen=True, kw_only=True)
class Open:
    """This release is to be opened; with `check`, if its approval of `approved_at` (None: a while ago) holds."""

    release: Opened
    package: Package
    check: bool
    approved_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Apply:
    """The open release is to be asked of the stack."""

    release: Opened


@dataclass(frozen=True, kw_only=True)
class Undo:
    """The deployment under way shall be rolled back by its abort alarm: put the metric of this config."""

    config: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Recover:
    """The stack's failed rollback is to be continued."""

    record: Recovery


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A vetoed version is to become `Rejected` in the registry, with the evidence."""

    package: Package
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Tell:
    """People are to hear of this record."""

    record: Record


Action = Wait | Append | Open | Apply | Undo | Recover | Reject | Tell
