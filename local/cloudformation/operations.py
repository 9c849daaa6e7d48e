"""What the account does with stacks, each on a thread of its own: create, update, roll back, delete."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from local.background import Background
from local.cloudformation.errors import ResourceFailed
from local.cloudformation.executor import Executor, Failures
from local.cloudformation.history import History
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import Live, Output, Stack, Stacks, Step
from local.errors import AwsError
from local.services import Services

OnFailure = Literal["ROLLBACK", "DELETE", "DO_NOTHING"]

_THREADS = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deletion:
    """How a stack is deleted: `retained` resources are left, and with `force` those whose deletion fails."""

    retained: frozenset[str] = frozenset()
    force: bool = False


class Operations:
    """Starts operations. The caller has entered the stack's status, so that no two run on one stack."""

    def __init__(self, services: Services, stacks: Stacks) -> None:
        self._services, self._stacks = services, stacks
        self._history = History(services)
        self._threads = Background("cloudformation", services.clock, threads=_THREADS)

    def create(self, stack: Stack, revision: Revision, *, on_failure: OnFailure, retain_except_on_create: bool) -> None:
        """Make everything of a new stack."""
        self._begin(stack, revision)
        self._history.stack(stack, "CREATE_IN_PROGRESS", reason="User Initiated")
        self._start(
            stack,
            lambda: self._create(stack, revision, on_failure, retain_except_on_create),
            failed="CREATE_FAILED",
        )

    def update(self, stack: Stack, revision: Revision, *, policy: str, disable_rollback: bool) -> None:
        """Take a stack to another revision under a stack policy."""
        self._begin(stack, revision)
        self._history.stack(stack, "UPDATE_IN_PROGRESS", reason="User Initiated")
        self._start(
            stack,
            lambda: self._update(stack, revision, policy=policy, disable_rollback=disable_rollback),
            failed="UPDATE_ROLLBACK_FAILED",
        )

    def roll_back(self, stack: Stack, *, skip: frozenset[str] = frozenset()) -> None:
        """Take a stack back to the revision before its failed update; `skip` resources are taken for restored."""
        self._start(
            stack,
            lambda: self._roll_back(stack, "User Initiated", skip=skip),
            failed="UPDATE_ROLLBACK_FAILED",
        )

    def delete(self, stack: Stack, deletion: Deletion) -> None:
        """Remove everything of a stack and then the stack."""
        self._history.stack(stack, "DELETE_IN_PROGRESS", reason="User Initiated")
        self._start(stack, lambda: self._delete(stack, deletion), failed="DELETE_FAILED")

    def review(self, stack: Stack) -> None:
        """Open a stack that only has change sets."""
        self._history.stack(stack, "REVIEW_IN_PROGRESS", reason="User Initiated")

    def forget(self, stack: Stack) -> None:
        """Delete a stack that has nothing."""
        stack.deleted_at = self._services.clock.now()
        self._history.stack(stack, "DELETE_COMPLETE")

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until no operation runs. False when time is up."""
        return self._threads.resting(timeout_seconds)

    def close(self) -> None:
        """Give up what runs and end the threads."""
        for stack in self._stacks.all():
            stack.stop.set()
        self._threads.close()

    def _begin(self, stack: Stack, revision: Revision) -> None:
        with stack.lock:
            # After a failed update that was not rolled back, the last good revision stays the one to return to.
            if stack.fallback is None:
                stack.fallback = stack.revision
            stack.revision = revision

    def _start(self, stack: Stack, work: Callable[[], None], *, failed: str) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the border of a thread: a stack must not stay in progress
                _log.exception("an operation on %s failed", stack.name)
                self._history.stack(stack, failed, reason=f"Internal Failure: {error}")

        self._threads.submit(guarded)

    def _create(self, stack: Stack, revision: Revision, on_failure: OnFailure, retain_except_on_create: bool) -> None:
        executor = Executor(self._services, stack, self._history)
        reason = self._bring(executor, stack, revision, verb="create", failed=stack.stop.set)
        if not reason:
            self._settle(stack, revision)
            self._history.stack(stack, "CREATE_COMPLETE")
        elif on_failure == "DO_NOTHING":
            self._history.stack(stack, "CREATE_FAILED", reason=reason)
        elif on_failure == "DELETE":
            self._history.stack(stack, "DELETE_IN_PROGRESS", reason=f"{reason}Delete requested by user.")
            self._delete(stack, Deletion())
        else:
            self._history.stack(stack, "ROLLBACK_IN_PROGRESS", reason=f"{reason}Rollback requested by user.")
            self._undo_creation(stack, retain_except_on_create)

    def _undo_creation(self, stack: Stack, retain_except_on_create: bool) -> None:
        stack.stop.clear()
        executor = Executor(self._services, stack, self._history)

        def keep(live: Live) -> bool:
            return live.deletion_policy == "Retain" and not retain_except_on_create

        failures = executor.remove(stack.live().values(), keep=keep, listed=True)
        stack.journal.clear()
        if failures:
            self._history.stack(stack, "ROLLBACK_FAILED", reason=_failed(failures, "delete"))
        else:
            self._history.stack(stack, "ROLLBACK_COMPLETE")

    def _update(self, stack: Stack, revision: Revision, *, policy: str, disable_rollback: bool) -> None:
        executor = Executor(self._services, stack, self._history, policy=policy)
        reason = self._bring(executor, stack, revision, verb="update")
        if not reason:
            self._clean_up(executor, stack, revision)
        elif disable_rollback:
            self._history.stack(stack, "UPDATE_FAILED", reason=reason)
        else:
            self._roll_back(stack, reason, skip=frozenset())

    def _clean_up(self, executor: Executor, stack: Stack, revision: Revision) -> None:
        self._history.stack(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        gone = [live for name, live in stack.live().items() if name not in revision.needs]
        replaced = [
            # What the template says now decides about the copy that it replaces.
            replace(before, deletion_policy=step.after.update_replace_policy)
            for step in stack.journal.values()
            for before in [*([step.before] if step.before and step.created else []), *step.superseded]
        ]
        executor.remove([*gone, *replaced], keep=lambda live: live.deletion_policy != "Delete", listed=False)
        for live in gone:
            stack.drop(live.logical_id)
        self._settle(stack, revision)
        self._history.stack(stack, "UPDATE_COMPLETE")

    def _roll_back(self, stack: Stack, reason: str, *, skip: frozenset[str]) -> None:
        stack.stop.clear()
        self._history.stack(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason=reason)
        executor = Executor(self._services, stack, self._history)
        self._skip(stack, skip)
        failures = executor.restore({name: step for name, step in stack.journal.items() if name not in skip})
        if failures:
            self._history.stack(stack, "UPDATE_ROLLBACK_FAILED", reason=_failed(failures, "update"))
            return
        self._history.stack(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._remove_new(executor, stack)
        revision = stack.fallback
        assert revision is not None
        with stack.lock:
            stack.revision = revision
        self._settle(stack, revision)
        self._history.stack(stack, "UPDATE_ROLLBACK_COMPLETE")

    def _skip(self, stack: Stack, names: frozenset[str]) -> None:
        for name in names:
            step = stack.journal.get(name)
            if step is not None and step.before is not None:
                self._history.resource(stack, step.before, "UPDATE_COMPLETE")

    def _remove_new(self, executor: Executor, stack: Stack) -> None:
        """Remove what the failed update has made: for a replacement, UpdateReplacePolicy governs the new copy too."""
        made: list[Live] = []
        for name, step in stack.journal.items():
            if step.created and step.after.physical_id:
                made.extend(_ruled(copy, step) for copy in [step.after, *step.superseded])
            if step.before is None:
                stack.drop(name)
        executor.remove(made, keep=lambda live: live.deletion_policy == "Retain", listed=False)
        with stack.lock:
            unmade = [name for name, live in stack.resources.items() if not live.exists]
        for name in unmade:
            stack.drop(name)

    def _delete(self, stack: Stack, deletion: Deletion) -> None:
        reason = self._exports_in_use(stack, keeping=frozenset())
        if reason:
            self._history.stack(stack, "DELETE_FAILED", reason=reason)
            return

        def keep(live: Live) -> bool:
            return live.deletion_policy != "Delete" or live.logical_id in deletion.retained

        failures = Executor(self._services, stack, self._history).remove(
            [*stack.live().values(), *_orphans(stack)], keep=keep, listed=True
        )
        if failures and not deletion.force:
            self._history.stack(stack, "DELETE_FAILED", reason=_failed(failures, "delete"))
            return
        with stack.lock:
            stack.deleted_at, stack.outputs = self._services.clock.now(), []
            stack.journal.clear()
        self._history.stack(stack, "DELETE_COMPLETE")

    def _bring(
        self,
        executor: Executor,
        stack: Stack,
        revision: Revision,
        *,
        verb: str,
        failed: Callable[[], None] = lambda: None,
    ) -> str:
        """Bring everything up and publish the outputs; give why it did not work, empty when it did."""
        failures = executor.converge(revision, failed=failed)
        if failures:
            return _failed(failures, verb)
        if stack.stop.is_set():
            return "User Initiated. "
        try:
            self._publish(stack, executor.outputs(revision))
        except AwsError as error:
            return f"{error.message}. "
        except ResourceFailed as error:
            return f"{error}. "
        return ""

    def _publish(self, stack: Stack, outputs: list[Output]) -> None:
        with self._stacks.lock:
            exports = self._stacks.exports()
            for output in outputs:
                owner = exports.get(output.export)
                if owner is not None and owner[0] is not stack:
                    taken = f"Export with name {output.export} is already exported by stack {owner[0].name}"
                    raise ResourceFailed(taken)
            unchanged = {output.export for output in outputs if output.export}
            reason = self._exports_in_use(stack, keeping=frozenset(unchanged))
            if reason:
                raise ResourceFailed(reason)
            for output in outputs:
                before = exports.get(output.export)
                users = self._stacks.importers(output.export) if output.export else []
                if before is not None and before[1].value != output.value and users:
                    used = f"Cannot update export {output.export} as it is in use by {_named(users)}"
                    raise ResourceFailed(used)
            stack.outputs = outputs

    def _exports_in_use(self, stack: Stack, *, keeping: frozenset[str]) -> str:
        for output in stack.outputs:
            users = self._stacks.importers(output.export) if output.export else []
            if users and output.export not in keeping:
                return f"Export {output.export} cannot be deleted as it is in use by {_named(users)}"
        return ""

    def _settle(self, stack: Stack, revision: Revision) -> None:
        with stack.lock:
            stack.journal.clear()
            stack.fallback = None
            for name, live in stack.live().items():
                stack.put(replace(live, needs=revision.needs[name]))


def _ruled(copy: Live, step: Step) -> Live:
    """The copy with the policy that decides about it when its update is rolled back."""
    if step.before is None:
        return copy
    return replace(copy, deletion_policy=copy.update_replace_policy)


def _orphans(stack: Stack) -> list[Live]:
    """Copies that a failed update has made or pushed out, and that no list of the stack's resources holds."""
    listed = {live.physical_id for live in stack.live().values()}
    copies = [copy for step in stack.journal.values() for copy in [step.before, step.after, *step.superseded]]
    return [copy for copy in copies if copy is not None and copy.physical_id and copy.physical_id not in listed]


def _failed(failures: Failures | Mapping[str, ResourceFailed], verb: str) -> str:
    return f"The following resource(s) failed to {verb}: [{', '.join(sorted(failures))}]. "


def _named(users: list[str]) -> str:
    return " and ".join(users)
