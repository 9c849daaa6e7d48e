"""Which versions may be released next: forward, what is newest and admitted; back, what served well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lambdas.journal import Journal
from lambdas.records import Opened, Outcome, Told
from lambdas.situation import Package, Situation

RETRIES: Final = 3
"""How often a forward release that failed is tried again: after 1, 2 and 4 minutes."""

_LONGEST: Final = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A version that may be released, why, and how often that failed already, the last time at `failed_at`.

    `approved_by` is empty where the package itself says it; `approved_at` is None where it was checked before.
    """

    package: Package
    reason: str = ""
    approved_by: str = ""
    approved_at: datetime | None = None
    supersedes: str = ""
    failures: int = 0
    failed_at: datetime | None = None

    @property
    def version(self) -> int:
        """The package's version."""
        return self.package.version

    def back_off(self, now: datetime) -> int | None:
        """Seconds until the next attempt: 1, 2, 4, … minutes after a failure, at most 15. None: at once."""
        if self.failed_at is None:
            return None
        left = (self.failed_at + pause(self.failures) - now).total_seconds()
        return round(left) if left > 0 else None


def pause(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 1, 2, 4, … minutes, at most 15."""
    return min(timedelta(minutes=2 ** min(failures - 1, 10)), _LONGEST)


def returns(situation: Situation) -> Iterator[Candidate]:
    """Versions that served well and may serve again, the newest release first."""
    failures = list(_failed_returns(situation.journal))
    for good in situation.journal.served_well():
        if package := situation.admitted(good.version):
            yield Candidate(package=package, failures=len(failures), failed_at=failures[0].at if failures else None)


def forward(situation: Situation) -> Candidate | None:
    """The newest version that was admitted to the stage and not released yet, or failed and may be tried again.

    An order of this stage goes before another attempt of the release before: it was given later.
    """
    ordered = [candidate for candidate in _ordered(situation) if _viable(situation, candidate)]
    others = [*_registered(situation), *([] if ordered else _retried(situation))]
    options = ordered + [candidate for candidate in others if _viable(situation, candidate)]
    return max(options, key=lambda candidate: candidate.version, default=None)


def _ordered(situation: Situation) -> Iterator[Candidate]:
    order = situation.journal.order
    if order and (package := situation.admitted(order.version)):
        yield Candidate(
            package=package,
            reason=order.reason,
            approved_by=order.by,
            approved_at=order.at,
            supersedes=_superseded(situation.journal, order.version),
        )


def _registered(situation: Situation) -> Iterator[Candidate]:
    """In the first stage the registry's `Approved` is the order."""
    journal = situation.journal
    order = journal.order.version if journal.order else None
    for version in situation.packages if situation.first else ():
        package = situation.admitted(version)
        if package and version > journal.high_water and version != order:
            yield Candidate(
                package=package,
                reason=package.why or "approved in the model registry",
                approved_at=package.modified,
                supersedes=_superseded(journal, version),
            )


def _retried(situation: Situation) -> Iterator[Candidate]:
    """The newest forward release once more, if it failed or did not begin."""
    journal, release = situation.journal, situation.journal.forward
    ended = journal.outcomes.get(release.release_id) if release else None
    if release is None or ended is None or ended.outcome not in ("failed", "superseded"):
        return
    failed = ended.outcome == "failed"
    failures = release.attempt if failed else release.attempt - 1
    package = situation.admitted(release.version)
    if package and failures <= RETRIES:
        yield Candidate(
            package=package,
            reason=release.reason,
            approved_by=release.approved_by,
            failures=failures,
            failed_at=ended.at if failed else None,
        )


def _viable(situation: Situation, candidate: Candidate) -> bool:
    return candidate.version not in situation.barred and not _refused(situation, candidate)


def _refused(situation: Situation, candidate: Candidate) -> bool:
    """Whether a refusal still stands: until somebody approves again, here or in the registry."""
    journal = situation.journal
    refusal = next(iter(journal.refusals(candidate.version)), None)
    if refusal is None:
        return False
    order = journal.order
    if order and order.version == candidate.version and order.sequence > refusal.sequence:
        return False
    seen = {told.modified for told in journal.every(Told) if told.about == refusal.sequence}
    return candidate.package.modified.isoformat() in seen | {refusal.modified}


def _superseded(journal: Journal, version: int) -> str:
    """The forward release that will not be tried again because this version comes."""
    before = journal.forward
    ended = journal.outcomes.get(before.release_id) if before else None
    gives_way = before and ended and ended.outcome in ("failed", "superseded") and before.version != version
    return before.release_id if before and gives_way else ""


def _failed_returns(journal: Journal) -> Iterator[Outcome]:
    """The failed returns in a row, newest first."""
    for release in journal.every(Opened):
        ended = journal.outcomes.get(release.release_id)
        if release.cause == "approval" or (ended and ended.outcome == "deployed"):
            return
        if ended and ended.outcome == "failed":
            yield ended
