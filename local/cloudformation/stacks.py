"""Stacks as the account holds them: what they consist of, what has been asked of them, who exports to whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from local.cloudformation.changesets import ChangeSet
from local.cloudformation.drift import Drift
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.live import Live, Step
from local.cloudformation.revisions import Revision

UPDATABLE: Final = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
)
"""The statuses in which a stack accepts an update (AWS CloudFormation User Guide, Stack status codes)."""

DELETABLE: Final = UPDATABLE | {
    "CREATE_FAILED",
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_FAILED",
}
"""The statuses in which a stack can be deleted at once."""

REMEMBERED: Final = timedelta(days=90)
"""How long a deleted stack can be asked for (AWS CloudFormation API, ListStacks)."""

_MOST_REMEMBERED: Final = 1_000


@dataclass(frozen=True)
class Deletion:
    """How a stack is deleted: `retained` resources are left, and with `force` those whose deletion fails."""

    retained: frozenset[str] = frozenset()
    force: bool = False


@dataclass(frozen=True)
class Event:
    """A line of a stack's history."""

    id: str
    at: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    properties: str
    token: str


@dataclass
class Stack:
    """One stack. Whoever reads or changes it holds `lock`; records inside are replaced and never changed in place."""

    id: str
    name: str
    created_at: datetime
    revision: Revision | None = None
    status: str = ""
    reason: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    role_arn: str = ""
    caller: str = ""
    """The access key of whoever asked for the last operation: without a role it acts in that name."""
    policy: str = ""
    protected: bool = False
    disable_rollback: bool = False
    token: str = ""
    change_set_id: str = ""
    resources: dict[str, Live] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    change_sets: list[ChangeSet] = field(default_factory=list)
    journal: dict[str, Step] = field(default_factory=dict)
    fallback: Revision | None = None
    unrestored: frozenset[str] = frozenset()
    """The resources whose rollback has failed, of all that a continued rollback may skip."""
    drifts: dict[str, Drift] = field(default_factory=dict)
    """What the last detection has found of each resource; empty after every operation."""
    drift_checked_at: datetime | None = None
    operation: int = 0
    doomed: Deletion | None = None
    """Set when a stack is to be deleted while it is still being created."""
    stop: threading.Event = field(default_factory=threading.Event)
    running: bool = False
    """Whether the operation of its status has begun."""
    abandoned: bool = False
    deletion: Deletion = field(default_factory=Deletion)
    """How it is to be deleted, once it is."""
    retain_except_on_create: bool = False
    on_failure: str = "ROLLBACK"
    """What a failed creation leads to."""
    keep: Callable[[Stack], None] = lambda stack: None
    """Writes the stack into the cloud's tables; whoever calls it holds the lock."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def save(self) -> None:
        """Write it into the cloud's tables. Raises StateError when the disk is full."""
        with self.lock:
            self.keep(self)

    def put(self, live: Live) -> Live:
        """Record a resource as it now is."""
        with self.lock:
            self.resources[live.logical_id] = live
        return live

    def drop(self, logical_id: str) -> None:
        """Forget a resource."""
        with self.lock:
            self.resources.pop(logical_id, None)

    def live(self) -> dict[str, Live]:
        """The resources that exist, by logical id."""
        with self.lock:
            return {name: live for name, live in self.resources.items() if live.exists}

    def drift_status(self) -> str:
        """What the last detection has found of the stack as a whole."""
        with self.lock:
            if self.drift_checked_at is None:
                return "NOT_CHECKED"
            drifted = any(drift.status in ("MODIFIED", "DELETED") for drift in self.drifts.values())
            return "DRIFTED" if drifted else "IN_SYNC"

    def resume(self) -> None:
        """Let an operation that was given up go on with undoing what it has done."""
        if not self.abandoned:
            self.stop.clear()

    def abandon(self) -> None:
        """Give up whatever runs, for good."""
        self.abandoned = True
        self.stop.set()

    def begin(self, status: str, *, allowed: frozenset[str], refused: str, token: str) -> None:
        """Enter an operation's status, or raise InvalidRequest: one operation at a time has a stack."""
        with self.lock:
            if self.status not in allowed:
                raise InvalidRequest(refused.format(id=self.id, name=self.name, status=self.status))
            self.status, self.reason, self.token = status, "", token
            self.operation += 1
            self.drifts, self.drift_checked_at = {}, None
            self.stop = threading.Event()


@dataclass(frozen=True)
class Output:
    """An output with its value; `export` is empty when it is not exported."""

    key: str
    value: str
    description: str | None
    export: str = ""


class Stacks:
    """Every stack of the account: the living by name, all by id."""

    def __init__(
        self, keep: Callable[[Stack], None] = lambda stack: None, drop: Callable[[Stack], None] = lambda stack: None
    ) -> None:
        self.lock = threading.RLock()
        self._keep, self._drop = keep, drop
        self._by_id: dict[str, Stack] = {}

    def add(self, stack: Stack) -> None:
        """Take a stack in, which from now on is kept."""
        with self.lock:
            stack.keep = self._keep
            self._by_id[stack.id] = stack

    def forget(self, stack: Stack) -> None:
        """Take out a stack that could not be kept, or that nobody remembers."""
        with self.lock:
            self._by_id.pop(stack.id, None)

    def expire(self, now: datetime, *, most: int = _MOST_REMEMBERED) -> None:
        """Forget stacks that were deleted 90 days ago, and of the others the oldest when there are too many."""
        deleted = [(stack.deleted_at, stack.id, stack) for stack in self.all() if stack.deleted_at is not None]
        for number, (at, _, stack) in enumerate(sorted(deleted, key=lambda each: each[:2], reverse=True)):
            if number >= most or now - at > REMEMBERED:
                self._drop(stack)
                self.forget(stack)

    def all(self) -> list[Stack]:
        """Every stack, deleted ones too as long as they are remembered, the newest first."""
        with self.lock:
            return list(reversed(self._by_id.values()))

    def living(self) -> Iterator[Stack]:
        """The stacks that have not been deleted, the newest first."""
        return (stack for stack in self.all() if stack.status != "DELETE_COMPLETE")

    def find(self, name_or_id: str) -> Stack | None:
        """The stack of that name, or of that id even when it is deleted."""
        with self.lock:
            if name_or_id in self._by_id:
                return self._by_id[name_or_id]
        return next((stack for stack in self.living() if stack.name == name_or_id), None)

    def get(self, name_or_id: str, *, missing: str = "Stack with id {} does not exist") -> Stack:
        """The stack of that name or id. Raises InvalidRequest with the operation's own text."""
        stack = self.find(name_or_id)
        if stack is None:
            raise InvalidRequest(missing.format(name_or_id))
        return stack

    def parent(self, stack: Stack) -> Stack | None:
        """The stack that holds another one as a resource; None for a root."""
        holders = (other for other in self.all() if other is not stack)
        return next((other for other in holders if any(each == stack.id for each in _nested(other))), None)

    def exports(self) -> dict[str, tuple[Stack, Output]]:
        """What is exported, by the export's name, with the stack that exports it."""
        return {
            output.export: (stack, output) for stack in self.living() for output in list(stack.outputs) if output.export
        }

    def importers(self, export: str) -> list[str]:
        """The names of the stacks that import an export."""
        using = [stack for stack in self.living() if stack.revision is not None and stack.status != "ROLLBACK_COMPLETE"]
        return sorted(stack.name for stack in using if stack.revision and export in stack.revision.imports)


def _nested(stack: Stack) -> list[str]:
    with stack.lock:
        lives = list(stack.resources.values())
    return [live.physical_id for live in lives if live.type == "AWS::CloudFormation::Stack"]
