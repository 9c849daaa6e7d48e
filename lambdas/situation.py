"""What a decision is made from: the ledger, and what AWS shows of a model's package, stack, endpoint and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lambdas.journal import Journal
from lambdas.records import Outcome

_MOVING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
_SETTLED = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)


@dataclass(frozen=True, kw_only=True)
class ReleasePolicy:
    """How a model is released in this stage.

    `two_people`: who trained a version may not approve it. An approval is good for `approval_valid_hours`. The backstop
    alarm vetoes a version up to `watch_hours` after its release; `backstop_seconds` are its periods together.
    """

    two_people: bool
    approval_valid_hours: int
    watch_hours: int
    backstop_seconds: int


@dataclass(frozen=True, kw_only=True)
class Package:
    """A version in the model registry. `approval` and `status` are in the API's spelling, `why` in a person's words.

    `created` is when it was registered, None where that does not matter.
    """

    arn: str
    version: int
    approval: str
    status: str
    modified: datetime
    why: str = ""
    created: datetime | None = None

    @property
    def admitted(self) -> bool:
        """Whether CloudFormation can make a model of it."""
        return self.approval == "Approved" and self.status == "Completed"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The serving stack as CloudFormation describes it; the parameters are `none` at first.

    `failed` are the logical ids of endpoints that a failed rollback may go on without.
    """

    status: str
    package_arn: str
    release_id: str
    failed: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether CloudFormation would take an update."""
        return self.status in _SETTLED

    @property
    def moving(self) -> bool:
        """Whether an operation is under way."""
        return self.status.endswith("_IN_PROGRESS")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The endpoint as SageMaker describes it: `config` serves, `pending` is on its way."""

    status: str
    config: str
    pending: str | None = None

    @property
    def moving(self) -> bool:
        """Whether an update, a deletion or a scaling is under way."""
        return self.status in _MOVING or self.pending is not None


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What the stack's events say of the open release: nothing, when CloudFormation never took it.

    `config` is the endpoint config it made, `alarms` its fleet's alarms, `rang` those of them that rang (but for the
    abort alarm), `failure` the first reason CloudFormation gave for a failure, `later` the configs that other updates
    made after it, in lower case.
    """

    began: bool = False
    config: str | None = None
    alarms: tuple[str, ...] = ()
    rang: tuple[str, ...] = ()
    failure: str = ""
    later: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All that a decision is made from.

    `registry` is the ARN prefix of the packages' account. `packages` has the versions that matter. `ringing` are the
    alarms in ALARM of what serves; `backstop` is when the endpoint's backstop alarm first rang after what serves was
    deployed and its watch had begun. `barred` are versions that were refused a moment ago.
    """

    journal: Journal
    registry: str
    policy: ReleasePolicy
    first: bool
    may_reject_deployed: bool
    packages: Mapping[int, Package]
    stack: Stack | None
    endpoint: Endpoint | None
    trace: Trace = field(default_factory=Trace)
    ringing: tuple[str, ...] = ()
    backstop: datetime | None = None
    barred: frozenset[int] = frozenset()

    @property
    def now(self) -> datetime:
        """When the ledger was read: AWS's time."""
        return self.journal.now

    @property
    def serving(self) -> Outcome | None:
        """The release that serves, as the endpoint and the ledger say together; None when they do not know it."""
        return self.journal.served_by(self.endpoint.config) if self.endpoint else None

    @property
    def moving(self) -> bool:
        """Whether something is under way at the stack or the endpoint."""
        return bool((self.stack and self.stack.moving) or (self.endpoint and self.endpoint.moving))

    def admitted(self, version: int) -> Package | None:
        """The package of a version that may serve: approved, complete and not vetoed."""
        package = self.packages.get(version)
        return package if package and package.admitted and version not in self.journal.vetoes else None


def same_name(one: str | None, other: str | None) -> bool:
    """Whether two names of SageMaker's are one: its ARNs are lower-cased, its answers are not."""
    return one is not None and other is not None and one.lower() == other.lower()
