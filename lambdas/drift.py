"""What a retraining is decided from: the last verdict of the monitor, its alarms, what serves, what is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from lambdas.errors import VerdictError
from lambdas.journal import Journal
from lambdas.records import NotRetrained, Retraining, RetrainingStarted

VIOLATED: Final = "completed_with_violations"
"""The outcome of a monitor that has found something."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """When a model is trained anew in this stage, and with what.

    `stop` is the switch: nothing is started while it is on. `parameters` are values of the pipeline's parameters beside
    those that name data and reason. `alarms` are the names of the alarms by monitor.
    """

    pipeline: str
    stop: bool
    cooldown_hours: int
    at_most_per_day: int
    minimum_rows: int
    lookback_hours: int
    parameters: Mapping[str, str]
    alarms: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the monitor said last: of which version, and by monitor, why, what it has found against it."""

    version: int
    run: str
    report: str
    violated: Mapping[str, str]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The verdict of a `verdict.json`. Raises VerdictError for one of another shape."""
        try:
            found = {name: one for name, one in document["monitors"].items() if one["outcome"] == VIOLATED}
            return cls(
                version=int(document["package_version"]),
                run=document["run"],
                report=document["report"],
                violated={name: one["reason"] for name, one in found.items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VerdictError(f"the last verdict of the monitor cannot be read: {error!r}") from error


@dataclass(frozen=True, kw_only=True)
class Data:
    """Labelled rows of the drifted window: where they are, how many, their hash."""

    uri: str
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Execution:
    """An execution of the model's pipeline: `name` is its display name, `runs` says that it has not ended."""

    arn: str
    name: str
    runs: bool


@dataclass(frozen=True, kw_only=True)
class Drift:
    """All that a decision about a retraining is made from.

    `ringing` are the monitors whose alarms ring now; `serving` is the version that serves; `executions` are the newest
    of the pipeline; `waiting` is a version made of drifted data on which nobody has decided yet; `data` is None while
    nobody has asked for them.
    """

    journal: Journal
    policy: Policy
    verdict: Verdict | None
    ringing: frozenset[str]
    serving: int | None
    executions: tuple[Execution, ...]
    waiting: int | None
    data: Data | None = None

    @property
    def monitors(self) -> tuple[str, ...]:
        """The monitors whose alarm rings, and which have found something in their last run as well."""
        return tuple(sorted(self.ringing & self.verdict.violated.keys())) if self.verdict else ()


@dataclass(frozen=True)
class Retrainings:
    """The retrainings of a journal."""

    journal: Journal

    @property
    def open(self) -> Retraining | None:
        """The one that was decided, and neither started nor given up: never more than one."""
        newest = next(self.journal.every(Retraining), None)
        return None if newest is None or newest.sequence in self._closed() else newest

    @property
    def last(self) -> Retraining | None:
        """The newest that was not given up."""
        return next(self.lasting(), None)

    def lasting(self) -> Iterator[Retraining]:
        """Those that were not given up, newest first."""
        given_up = {record.about for record in self.journal.every(NotRetrained)}
        return (record for record in self.journal.every(Retraining) if record.sequence not in given_up)

    def execution(self, retraining: Retraining) -> str | None:
        """The ARN of the execution that was started for a retraining, if one is known."""
        started = self.journal.every(RetrainingStarted)
        return next((record.execution for record in started if record.about == retraining.sequence), None)

    def _closed(self) -> set[int]:
        started = {record.about for record in self.journal.every(RetrainingStarted)}
        return started | {record.about for record in self.journal.every(NotRetrained)}


def name(retraining: Retraining) -> str:
    """The display name of a retraining's execution, by which it is found again."""
    return f"retraining-{retraining.sequence}"
