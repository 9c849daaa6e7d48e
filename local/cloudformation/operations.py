"""What the account does with stacks, each on a thread of its own: create, update, roll back, delete."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from local.background import Background
from local.cloudformation.drift import Drift
from local.cloudformation.errors import ResourceFailed
from local.cloudformation.executor import Executor, listed_failures
from local.cloudformation.exports import Exports
from local.cloudformation.history import History
from local.cloudformation.lifecycle import Lifecycle
from local.cloudformation.live import Live
from local.cloudformation.mailbox import Mailbox
from local.cloudformation.resources.provisioner import Rollbacks
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import Deletion, Stack, Stacks
from local.cloudformation.updates import Update, settle
from local.errors import StateError
from local.roles import Clients
from local.services import Services

OnFailure = Literal["ROLLBACK", "DELETE", "DO_NOTHING"]

_THREADS = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Creation:
    """How a stack is created: what a failure leads to, and whether `Retain` holds for what has just been made."""

    on_failure: OnFailure
    retain_except_on_create: bool


class Operations:
    """Starts operations. The caller has entered the stack's status, so that no two run on one stack."""

    def __init__(self, services: Services, stacks: Stacks, *, rollbacks: Rollbacks) -> None:
        self._services, self._stacks, self._rollbacks = services, stacks, rollbacks
        self._exports = Exports(stacks)
        self._history = History(services)
        self._mailbox = Mailbox()
        self._threads = Background("cloudformation", services.clock, threads=_THREADS)

    def create(self, stack: Stack, revision: Revision, creation: Creation) -> None:
        """Make everything of a new stack."""
        with stack.lock:
            stack.revision = revision
            stack.on_failure, stack.retain_except_on_create = creation.on_failure, creation.retain_except_on_create
        self._history.stack(stack, "CREATE_IN_PROGRESS", reason="User Initiated")
        self._start(stack, lambda: self._create(stack, revision), failed="CREATE_FAILED")

    def give_up_creation(self, stack: Stack, reason: str) -> None:
        """End a creation that nobody carries out any more, as its request says of a failure."""
        self._start(stack, lambda: self._end_creation(stack, reason), failed="CREATE_FAILED")

    def undo_creation(self, stack: Stack) -> None:
        """Go on with removing what a failed creation has made."""
        self._start(stack, lambda: self._undo_creation(stack), failed="ROLLBACK_FAILED")

    def clean_up(self, stack: Stack) -> None:
        """Go on with removing what an update that went well has replaced."""
        update = Update(stack, self._executor(stack), self._history)
        self._start(stack, update.clean_up, failed="UPDATE_ROLLBACK_FAILED")

    def update(self, stack: Stack, revision: Revision, *, policy: str, disable_rollback: bool) -> None:
        """Take a stack to another revision under a stack policy."""
        with stack.lock:
            # After a failed update that was not rolled back, the last good revision stays the one to return to.
            if stack.fallback is None:
                stack.fallback = stack.revision
            stack.revision = revision
        self._history.stack(stack, "UPDATE_IN_PROGRESS", reason="User Initiated")
        update = Update(stack, self._executor(stack, policy=policy), self._history)
        self._start(
            stack,
            lambda: update.run(revision, disable_rollback=disable_rollback),
            failed="UPDATE_ROLLBACK_FAILED",
        )

    def roll_back(
        self,
        stack: Stack,
        *,
        skip: frozenset[str] = frozenset(),
        retain: bool = True,
        reason: str = "User Initiated",
    ) -> None:
        """Take a stack back to the revision before its failed update; `skip` resources are taken for restored."""
        update = Update(stack, self._executor(stack), self._history)
        self._start(
            stack,
            lambda: update.roll_back(reason, skip=skip, retain=retain),
            failed="UPDATE_ROLLBACK_FAILED",
        )

    def delete(self, stack: Stack, deletion: Deletion) -> None:
        """Remove everything of a stack and then the stack."""
        stack.deletion = deletion
        self._history.stack(stack, "DELETE_IN_PROGRESS", reason="User Initiated")
        self._start(stack, lambda: self._delete(stack, deletion), failed="DELETE_FAILED")

    def detect(self, stack: Stack, live: Live, clients: Clients) -> Drift:
        """Compare a resource with its service's word. Raises ResourceFailed."""
        lifecycle = Lifecycle(self._services, stack, self._history, rollbacks=self._rollbacks, mailbox=self._mailbox)
        drift = lifecycle.drift(live, clients)
        with stack.lock:
            stack.drifts[live.logical_id] = drift
            stack.drift_checked_at = drift.at
        return drift

    def soon(self, work: Callable[[], None]) -> None:
        """Do something that changes no stack."""
        self._threads.submit(work)

    def review(self, stack: Stack) -> None:
        """Open a stack that only has change sets."""
        self._history.stack(stack, "REVIEW_IN_PROGRESS", reason="User Initiated")

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until no operation runs. False when time is up."""
        return self._threads.resting(timeout_seconds)

    def close(self) -> None:
        """Give up what runs and end the threads."""
        for stack in self._stacks.all():
            stack.abandon()
        self._threads.close()
        self._mailbox.close()

    def _executor(self, stack: Stack, *, policy: str = "") -> Executor:
        lifecycle = Lifecycle(self._services, stack, self._history, rollbacks=self._rollbacks, mailbox=self._mailbox)
        return Executor(stack, lifecycle, exports=self._exports, policy=policy)

    def _start(self, stack: Stack, work: Callable[[], None], *, failed: str) -> None:
        stack.running = True

        def guarded() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the border of a thread: a stack must not stay in progress
                _log.exception("an operation on %s failed", stack.name)
                self._history.stack(stack, failed, reason=f"Internal Failure: {error}")
            finally:
                stack.running = False

        self._threads.submit(guarded)

    def _create(self, stack: Stack, revision: Revision) -> None:
        # One failure gives up all that is under way; an update lets it come to its end instead.
        self._end_creation(stack, self._executor(stack).deploy(revision, verb="create", failed=stack.stop.set))

    def _end_creation(self, stack: Stack, reason: str) -> None:
        if stack.abandoned:
            return
        with stack.lock:
            status, why = _outcome(reason, stack.on_failure, doomed=stack.doomed is not None)
            stack.deletion = stack.doomed or Deletion()
            if status == "CREATE_COMPLETE":
                settle(stack)
            self._history.stack(stack, status, reason=why)
        if status == "DELETE_IN_PROGRESS":
            self._delete(stack, stack.deletion)
        elif status == "ROLLBACK_IN_PROGRESS":
            self._undo_creation(stack)

    def _undo_creation(self, stack: Stack) -> None:
        stack.resume()

        def keep(live: Live) -> bool:
            return live.deletion_policy == "Retain" and not stack.retain_except_on_create

        failures = self._executor(stack).remove(stack.live().values(), keep=keep, listed=True)
        if failures:
            self._history.stack(stack, "ROLLBACK_FAILED", reason=listed_failures(failures, "delete"))
        else:
            self._history.stack(stack, "ROLLBACK_COMPLETE")

    def _delete(self, stack: Stack, deletion: Deletion) -> None:
        stack.resume()
        try:
            self._exports.check_unused(stack, keeping=set())
        except ResourceFailed as error:
            self._history.stack(stack, "DELETE_FAILED", reason=str(error))
            return

        def keep(live: Live) -> bool:
            return live.deletion_policy != "Delete" or live.logical_id in deletion.retained

        lives = [*stack.live().values(), *_unlisted(stack)]
        failures = self._executor(stack).remove(lives, keep=keep, listed=True)
        if failures and not deletion.force:
            self._history.stack(stack, "DELETE_FAILED", reason=listed_failures(failures, "delete"))
            return
        with stack.lock:
            stack.deleted_at = self._services.clock.now()
            stack.journal.clear()
        self._history.stack(stack, "DELETE_COMPLETE")
        self._expire()

    def _expire(self) -> None:
        try:
            self._stacks.expire(self._services.clock.now())
        except StateError as error:
            _log.warning("stacks that were deleted long ago are remembered on: %s", error)


def _outcome(reason: str, on_failure: str, *, doomed: bool) -> tuple[str, str]:
    """The status that follows a creation, with its reason; `reason` says why the creation failed, if it did."""
    if doomed:
        return "DELETE_IN_PROGRESS", "User Initiated"
    if not reason:
        return "CREATE_COMPLETE", ""
    if on_failure == "DO_NOTHING":
        return "CREATE_FAILED", reason
    if on_failure == "DELETE":
        return "DELETE_IN_PROGRESS", f"{reason}Delete requested by user."
    return "ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user."


def _unlisted(stack: Stack) -> list[Live]:
    """Copies that a failed update has made or pushed out, and that the stack's list of resources does not hold."""
    listed = {live.physical_id for live in stack.live().values()}
    copies = [copy for step in stack.journal.values() for copy in [step.before, step.after, *step.superseded]]
    return [copy for copy in copies if copy is not None and copy.physical_id and copy.physical_id not in listed]
