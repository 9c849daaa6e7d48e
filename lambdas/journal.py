"""What the ledger says about a model: pure views of the log, no matter who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, TypeVar

from lambdas.records import (
    Abort,
    Approved,
    NotRetrained,
    Opened,
    Outcome,
    Record,
    Recovery,
    Refused,
    RetrainingStarted,
    Started,
    Stuck,
    Told,
    Veto,
)

_R = TypeVar("_R", bound=Record)

_NEWS: Final = (Outcome, Refused, Veto, Stuck, RetrainingStarted, NotRetrained)
"""What people are told of."""

DAY: Final = timedelta(days=1)
"""After this long a trouble that lasts, or has come again, is tried to be mended, and told, anew."""

_RESTLESS: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Journal:
    """The log of one model, oldest record first, as the table showed it at `now` (UTC)."""

    model: str
    records: tuple[Record, ...]
    now: datetime

    @classmethod
    def of(cls, model: str, *, records: Iterable[Record], now: datetime) -> Journal:
        """The journal of records in any order."""
        return cls(model, tuple(sorted(records, key=lambda record: record.sequence)), now)

    def following(self, record: Record) -> Journal:
        """This journal with one record more."""
        return replace(self, records=(*self.records, record))

    def every(self, kind: type[_R]) -> Iterator[_R]:
        """The records of a kind, newest first."""
        return (record for record in reversed(self.records) if isinstance(record, kind))

    @property
    def last(self) -> int:
        """The newest sequence number, 0 before the first record."""
        return self.records[-1].sequence if self.records else 0

    @cached_property
    def opened(self) -> dict[str, Opened]:
        """Every release by its id, oldest first."""
        return {record.release_id: record for record in self.records if isinstance(record, Opened)}

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """How the releases ended, by release id."""
        ended = (record for record in self.records if isinstance(record, Outcome))
        return {record.release_id: record for record in ended if record.cause == "release"}

    @property
    def open(self) -> Opened | None:
        """The release without an outcome: never more than one."""
        newest = next(self.every(Opened), None)
        return None if newest is None or newest.release_id in self.outcomes else newest

    @cached_property
    def vetoes(self) -> dict[int, Veto | Outcome]:
        """What may never serve again, by version, with the first record that says so."""
        found: dict[int, Veto | Outcome] = {}
        for record in self.records:
            if isinstance(record, Veto) or (isinstance(record, Outcome) and record.outcome == "rolled_back"):
                found.setdefault(record.version, record)
        return found

    def served_by(self, config: str | None) -> Outcome | None:
        """The outcome of the release whose endpoint config this is. SageMaker lower-cases names in ARNs."""
        if config is None:
            return None
        known = (outcome for outcome in self.every(Outcome) if outcome.outcome == "deployed" and outcome.config)
        return next((outcome for outcome in known if (outcome.config or "").lower() == config.lower()), None)

    @property
    def last_deployed(self) -> Outcome | None:
        """The newest release that was deployed: what serves, as far as the ledger knows."""
        return next((outcome for outcome in self.every(Outcome) if outcome.outcome == "deployed"), None)

    def served_well(self) -> Iterator[Opened]:
        """Releases whose versions were deployed and are not vetoed, newest first, each version once."""
        seen: set[int] = set()
        for outcome in self.every(Outcome):
            if outcome.outcome == "deployed" and outcome.version not in self.vetoes and outcome.version not in seen:
                seen.add(outcome.version)
                yield self.opened[outcome.release_id]

    @property
    def forward(self) -> Opened | None:
        """The newest forward release."""
        return next((record for record in self.every(Opened) if record.cause == "approval"), None)

    @property
    def high_water(self) -> int:
        """The highest version ever opened forward, 0 before the first."""
        return max((record.version for record in self.every(Opened) if record.cause == "approval"), default=0)

    @property
    def order(self) -> Approved | None:
        """The newest approval of this stage that no forward release has used up."""
        since = self.forward.sequence if self.forward else 0
        return next((record for record in self.every(Approved) if record.sequence > since), None)

    def started(self, release_id: str) -> Started | None:
        """The record that CloudFormation accepted a release."""
        return next((record for record in self.every(Started) if record.release_id == release_id), None)

    def abort(self, release_id: str) -> Abort | None:
        """The record that a release shall be undone."""
        return next((record for record in self.every(Abort) if record.release_id == release_id), None)

    def recoveries(self) -> list[Recovery]:
        """How often the stack's rollback was continued since the newest release, within a day; newest first."""
        newest = next(self.every(Opened), None)
        since = newest.sequence if newest else 0
        return [r for r in self.every(Recovery) if r.sequence > since and self.now - r.at < DAY]

    def refusals(self, version: int) -> list[Refused]:
        """The refusals of a version, newest first."""
        return [record for record in self.every(Refused) if record.version == version]

    @property
    def untold(self) -> list[Record]:
        """What people have not been told yet, oldest first: outcomes, refusals, vetoes, retrainings, what is stuck."""
        told = {record.about for record in self.every(Told)}
        news = (record for record in self.records if isinstance(record, _NEWS))
        return [record for record in news if record.sequence not in told and not self._repeated(record)]

    @property
    def restless(self) -> bool:
        """Whether something may be due soon that no event announces: another attempt, a recovery, a message.

        Always while a release is open; else for an hour after the last record.
        """
        if self.open:
            return True
        if not self.records or self.now - self.records[-1].at > _RESTLESS:
            return False
        newest = next(self.every(Opened), None)
        ended = self.outcomes.get(newest.release_id) if newest else None
        return bool(self.untold or self.recoveries() or (ended and ended.outcome != "deployed"))

    def _repeated(self, record: Record) -> bool:
        """Whether it is a refusal that was said before, and nobody has asked again since."""
        if not isinstance(record, Refused):
            return False
        asked = next((a.sequence for a in self.every(Approved) if a.sequence < record.sequence), 0)
        same = (r for r in self.refusals(record.version) if r.reason == record.reason)
        return any(asked < other.sequence < record.sequence for other in same)
