"""An update from its first change to its clean-up, or back again."""

from __future__ import annotations

from dataclasses import replace

from local.cloudformation.executor import Executor, listed_failures
from local.cloudformation.history import History
from local.cloudformation.live import Live, Step
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import Stack


class Update:
    """The update of one stack that has entered it, carried out by an executor."""

    def __init__(self, stack: Stack, executor: Executor, history: History) -> None:
        self._stack, self._executor, self._history = stack, executor, history

    def run(self, revision: Revision, *, disable_rollback: bool) -> None:
        """Bring the revision up, then remove what it replaces; or roll back."""
        reason = self._executor.deploy(revision, verb="update")
        if self._stack.abandoned:
            return
        if not reason:
            self.clean_up()
        elif disable_rollback:
            self._history.stack(self._stack, "UPDATE_FAILED", reason=reason)
        else:
            self.roll_back(reason)

    def roll_back(self, reason: str, *, skip: frozenset[str] = frozenset(), retain: bool = True) -> None:
        """Give every resource its state before the update back; `skip` resources are taken for restored.

        New ones with the policy Retain stay, unless `retain` is false (RetainExceptOnCreate).
        """
        stack = self._stack
        stack.resume()
        self._history.stack(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason=reason)
        for name in skip:
            self._take_for_restored(name)
        failures = self._executor.restore({n: step for n, step in stack.journal.items() if n not in skip})
        stack.unrestored = frozenset(failures)
        if failures:
            text = listed_failures(failures, "update")
            self._history.stack(stack, "UPDATE_ROLLBACK_FAILED", reason=text)
            return
        self._history.stack(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._remove_new(retain=retain)
        with stack.lock:
            stack.revision = stack.fallback
        settle(stack)
        self._history.stack(stack, "UPDATE_ROLLBACK_COMPLETE")

    def clean_up(self) -> None:
        """Remove what the stack's new revision has replaced or left out."""
        stack = self._stack
        needs = stack.revision.needs if stack.revision is not None else {}
        self._history.stack(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        gone = [live for name, live in stack.live().items() if name not in needs]
        replaced = [
            # What the template says now decides about the copies that it replaces.
            replace(copy, deletion_policy=step.after.update_replace_policy)
            for step in stack.journal.values()
            for copy in _pushed_out(step)
        ]
        self._executor.remove([*gone, *replaced], keep=lambda live: live.deletion_policy != "Delete", listed=False)
        for live in gone:
            stack.drop(live.logical_id)
        settle(stack)
        self._history.stack(stack, "UPDATE_COMPLETE")

    def _take_for_restored(self, name: str) -> None:
        step = self._stack.journal.get(name)
        if step is not None and step.before is not None:
            self._history.resource(self._stack, step.before, "UPDATE_COMPLETE")

    def _remove_new(self, *, retain: bool) -> None:
        """Remove what the failed update has made; of a replacement, UpdateReplacePolicy governs the new copy too."""
        stack = self._stack
        made: list[Live] = []
        for name, step in stack.journal.items():
            copies = [*([step.after] if step.created else []), *step.superseded]
            made.extend(_ruled(copy, step) for copy in copies if copy.physical_id)
            if step.before is None:
                stack.drop(name)
        self._executor.remove(made, keep=lambda live: retain and live.deletion_policy == "Retain", listed=False)
        with stack.lock:
            unmade = [name for name, live in stack.resources.items() if not live.exists]
        for name in unmade:
            stack.drop(name)


def settle(stack: Stack) -> None:
    """End an operation well: the journal is done with, and every resource needs what the stack's revision says."""
    with stack.lock:
        stack.journal.clear()
        stack.fallback = None
        needs = stack.revision.needs if stack.revision is not None else {}
        for name, live in stack.live().items():
            stack.put(replace(live, needs=needs.get(name, live.needs)))


def _pushed_out(step: Step) -> list[Live]:
    old = [step.before] if step.before is not None and step.created else []
    return [*old, *step.superseded]


def _ruled(copy: Live, step: Step) -> Live:
    """The copy with the policy that decides about it when its update is rolled back."""
    return copy if step.before is None else replace(copy, deletion_policy=copy.update_replace_policy)
