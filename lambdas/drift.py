"""What a retraining is decided from: what the monitors whose alarms ring have found, what serves, what is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
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
    """What one monitor said in the last run in which it could judge: of which version, and whether that has drifted.

    `ended` is the end of the window that it has looked at, which orders runs.
    """

    monitor: str
    version: int
    run: str
    ended: datetime
    report: str
    violated: bool
    reason: str

    @classmethod
    def of(cls, document: Mapping[str, Any], *, monitor: str) -> Self:
        """What a `verdict.json` says of one monitor. Raises VerdictError for one of another shape."""
        try:
            said = document["monitors"][monitor]
            return cls(
                monitor=monitor,
                version=int(document["package_version"].rpartition("/")[2]),
                run=document["run"],
                ended=datetime.fromisoformat(document["window"]["end"]),
                report=document["report"],
                violated=said["outcome"] == VIOLATED,
                reason=said["reason"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VerdictError(f"the last verdict on {monitor} cannot be read: {error!r}") from error


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

    `ringing` are the last verdicts of the monitors whose alarms ring now; `serving` is the version that serves;
    `executions` are the newest of the pipeline; `waiting` is a version made of drifted data on which nobody has decided
    yet; `data` is None while nobody has asked for them; `claim` is the number of the record by which whoever asks may
    gather them.
    """

    journal: Journal
    policy: Policy
    ringing: tuple[Verdict, ...]
    serving: int | None
    executions: tuple[Execution, ...]
    waiting: int | None
    data: Data | None = None
    claim: int = 0

    @property
    def found(self) -> tuple[Verdict, ...]:
        """The verdicts that an alarm rings for: against the version that was judged last, by monitor."""
        against = [verdict for verdict in self.ringing if verdict.violated]
        newest = max(against, key=lambda verdict: verdict.ended, default=None)
        same = [verdict for verdict in against if newest and verdict.version == newest.version]
        return tuple(sorted(same, key=lambda verdict: verdict.monitor))


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
