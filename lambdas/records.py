"""The kinds of records in the ledger: what was decided, asked, done and told, each once and in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar, Final, Literal, Self

Rollout = Literal["guarded", "immediate"]
OpenedCause = Literal["approval", "rollback", "restore"]
VetoCause = Literal["person", "alarm", "rejected"]
Result = Literal["deployed", "rolled_back", "superseded", "failed"]

_UNPLACED: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has: its place in the model's log, 1, 2, 3, …, and when it was written (UTC).

    Both are given by `Ledger.append`; a record that is about to be written has neither.
    """

    kind: ClassVar[str]
    sequence: int = 0
    at: datetime = _UNPLACED

    def placed(self, *, sequence: int, at: datetime) -> Self:
        """The same record at its place."""
        return replace(self, sequence=sequence, at=at)


@dataclass(frozen=True, kw_only=True)
class Approved(Record):
    """A person admits a version to this stage. `by` is an ARN. An order: the next forward release uses it up."""

    kind = "approved"
    version: int
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Opened(Record):
    """A release is about to be asked of the stack.

    `release_id` is `r<sequence>-v<version>`: client request token and the stack's parameter. `cause` is `approval` for
    a forward release, `rollback` for the return from a vetoed version, `restore` when the stack has lost what the
    ledger says. `attempt` counts from 1 for one order. `follows` is the release that serves, `alarms` are those that
    ring. `approved_by` and `trained_by` are ARNs, empty where there is no person.
    """

    kind = "opened"
    version: int
    package_arn: str
    rollout: Rollout
    cause: OpenedCause
    reason: str
    attempt: int = 1
    approved_by: str = ""
    trained_by: str = ""
    follows: str = ""
    supersedes: str = ""
    alarms: tuple[str, ...] = ()
    release_id: str = ""

    def placed(self, *, sequence: int, at: datetime) -> Self:
        """The same release at its place, which gives it its name."""
        return replace(self, sequence=sequence, at=at, release_id=f"r{sequence}-v{self.version}")


@dataclass(frozen=True, kw_only=True)
class Started(Record):
    """CloudFormation has accepted the update of a release."""

    kind = "started"
    release_id: str


@dataclass(frozen=True, kw_only=True)
class Abort(Record):
    """A release shall be undone without a veto: the canary was not tested, or CloudFormation refused the update."""

    kind = "abort"
    release_id: str
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Veto(Record):
    """A version shall never serve in this stage again. `by` is an ARN, or `sluice`; `reason` is the evidence."""

    kind = "veto"
    version: int
    by: str
    cause: VetoCause
    reason: str


@dataclass(frozen=True, kw_only=True)
class Recovery(Record):
    """The stack's rollback failed and is continued; `skipped` are logical ids. `release_id` may be empty: a deploy."""

    kind = "recovery"
    release_id: str
    attempt: int
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome(Record):
    """How a release ended: once for each that was opened, with cause `release`.

    Cause `deploy` says that a deployment of the stack replaced the config of a release that serves already: no release
    ended, but the same version serves under another `config`. `config` is the endpoint config of the release, None
    when it got none; `alarms` are those of its own that rang; `seconds` since it was opened. `rolled_back` vetoes the
    version.
    """

    kind = "outcome"
    release_id: str
    version: int
    outcome: Result
    reason: str
    cause: Literal["release", "deploy"] = "release"
    config: str | None = None
    alarms: tuple[str, ...] = ()
    seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Refused(Record):
    """A version did not pass the checks of its approval; told once for a version, reason and approval of this stage.

    `modified` is the package's LastModifiedTime that was checked (ISO 8601): a later one is a reason to check again.
    """

    kind = "refused"
    version: int
    reason: str
    modified: str = ""


@dataclass(frozen=True, kw_only=True)
class Stuck(Record):
    """Something is wrong that only a person can put right: nothing to go back to, a stack that cannot be recovered."""

    kind = "stuck"
    version: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Told(Record):
    """The message about record `about` was published. `modified` is the refused package's LastModifiedTime after it."""

    kind = "told"
    about: int
    modified: str = ""


@dataclass(frozen=True, kw_only=True)
class Gathering(Record):
    """A function gathers the labelled rows because of what a run found against `version`: others wait meanwhile."""

    kind = "gathering"
    version: int
    run: str


@dataclass(frozen=True, kw_only=True)
class Retraining(Record):
    """A retraining is about to be asked of the pipeline: `version` has drifted, as the alarms of `monitors` say.

    `run` is the run of the monitor that judged it, `report` its page; `data` is the URI of the labelled rows that the
    next version is made of, `rows` their number, `sha256` their hash.
    """

    kind = "retraining"
    version: int
    monitors: tuple[str, ...]
    run: str
    reason: str
    report: str
    data: str
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RetrainingStarted(Record):
    """SageMaker has started the pipeline for the retraining with the number `about`; `execution` is an ARN."""

    kind = "retraining_started"
    about: int
    version: int
    execution: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotRetrained(Record):
    """An alarm rings for `version`, and no retraining follows; told once a day for a version and reason.

    With `about` it is the end of the retraining of that number, for which the pipeline was never started.
    """

    kind = "not_retrained"
    version: int
    reason: str
    about: int = 0


_OF_RELEASES: Final = (Approved, Opened, Started, Abort, Veto, Recovery, Outcome, Refused, Stuck, Told)
_OF_RETRAININGS: Final = (Gathering, Retraining, RetrainingStarted, NotRetrained)

KINDS: Final[dict[str, type[Record]]] = {kind.kind: kind for kind in (*_OF_RELEASES, *_OF_RETRAININGS)}
