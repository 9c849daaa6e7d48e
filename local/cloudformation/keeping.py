"""Stacks in the cloud's tables: what is written of each when it turns, and how they come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from local.cloudformation.changesets import ChangeSet
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import Event, Stack
from local.state import State, StateError, Table

_APART: Final = frozenset({"change_sets", "events", "fallback", "revision"})
_FLEETING: Final = frozenset({"abandoned", "drift_checked_at", "drifts", "keep", "lock", "running", "stop"})

Snapshot = Mapping[str, Any]
"""A stack's members as they were."""


@dataclass
class _Written:
    """What of a stack is in the tables already: parts that are large, or never change."""

    events: int = 0
    revisions: dict[str, Revision | None] = field(default_factory=dict)
    change_sets: dict[str, tuple[str, str]] = field(default_factory=dict)


class Keeping:
    """Writes stacks into four tables, so that a turn of one resource does not write templates and history again."""

    def __init__(self, state: State) -> None:
        self._stacks: Table[dict[str, Any]] = state.table("cloudformation.stacks")
        self._revisions: Table[Revision] = state.table("cloudformation.revisions")
        self._events: Table[Event] = state.table("cloudformation.events")
        self._change_sets: Table[tuple[str, ChangeSet]] = state.table("cloudformation.change_sets")
        self._written: dict[str, _Written] = {}
        self._together = state.together

    def save(self, stack: Stack) -> None:
        """Write what has changed of a stack, whose lock the caller holds. Raises StateError when the disk is full."""
        if stack.abandoned:
            # The cloud is stopping: the next one takes the operation up where it stands.
            return
        try:
            with self._together():  # a process that is killed leaves no part of it
                self._save(stack, self._written.setdefault(stack.id, _Written()))
        except StateError:
            del self._written[stack.id]
            raise

    def _save(self, stack: Stack, written: _Written) -> None:
        self._save_revisions(stack, written)
        self._save_change_sets(stack, written)
        written.events = min(written.events, len(stack.events))
        for number, event in enumerate(stack.events[written.events :], written.events):
            self._events[f"{stack.id} {number:06}"] = event
            written.events = number + 1
        self._stacks[stack.id] = _core(stack)

    def drop(self, stack: Stack) -> None:
        """Take a stack out of the tables, with all that is kept apart from it."""
        written = self._written.pop(stack.id, _Written())
        with self._together():
            self._stacks.pop(stack.id, None)
            for role in ("revision", "fallback"):
                self._revisions.pop(f"{stack.id} {role}", None)
            for number in range(written.events):
                self._events.pop(f"{stack.id} {number:06}", None)
            for key in written.change_sets:
                self._change_sets.pop(key, None)

    def load(self, exported: Callable[[str], str]) -> list[Stack]:
        """Every stack that was kept, in the order of creation; `exported` gives the values of exports."""
        stacks = {key: self._stack(core) for key, core in list(self._stacks.items())}
        for key, revision in list(self._revisions.items()):
            stack_id, _, role = key.rpartition(" ")
            setattr(stacks[stack_id], role, _bound(revision, exported))
        for key, event in list(self._events.items()):
            stacks[key.partition(" ")[0]].events.append(event)
        for stack_id, change_set in list(self._change_sets.values()):
            bound = replace(change_set, revision=_bound(change_set.revision, exported))
            stacks[stack_id].change_sets.append(bound)
        for stack in stacks.values():
            self._remember(stack)
        return list(stacks.values())

    def _stack(self, core: Mapping[str, Any]) -> Stack:
        copied: Any = {name: value.copy() if isinstance(value, dict | list) else value for name, value in core.items()}
        return Stack(**copied)

    def _remember(self, stack: Stack) -> None:
        self._written[stack.id] = _Written(
            events=len(stack.events),
            revisions={role: getattr(stack, role) for role in ("revision", "fallback")},
            change_sets={each.id: (each.status, each.execution) for each in stack.change_sets},
        )

    def _save_revisions(self, stack: Stack, written: _Written) -> None:
        for role in ("revision", "fallback"):
            revision, key = getattr(stack, role), f"{stack.id} {role}"
            if revision is written.revisions.get(role):
                continue
            if revision is None:
                del self._revisions[key]
            else:
                self._revisions[key] = revision
            written.revisions[role] = revision

    def _save_change_sets(self, stack: Stack, written: _Written) -> None:
        present = {each.id: each for each in stack.change_sets}
        for key in written.change_sets.keys() - present.keys():
            del self._change_sets[key]
            del written.change_sets[key]
        for key, each in present.items():
            if written.change_sets.get(key) != (each.status, each.execution):
                self._change_sets[key] = (stack.id, each)
                written.change_sets[key] = (each.status, each.execution)


def snapshot(stack: Stack) -> Snapshot:
    """What a stack is made of, to be restored when a change of it cannot be kept."""
    with stack.lock:
        names = {each.name for each in fields(Stack)} - _FLEETING
        values = {name: getattr(stack, name) for name in names}
        return {name: value.copy() if isinstance(value, dict | list) else value for name, value in values.items()}


def restore(stack: Stack, before: Snapshot) -> None:
    """Give a stack its members back."""
    with stack.lock:
        for name, value in before.items():
            setattr(stack, name, value)


def _core(stack: Stack) -> dict[str, Any]:
    names = {each.name for each in fields(Stack)} - _APART - _FLEETING
    values = {name: getattr(stack, name) for name in sorted(names)}
    core = {name: value.copy() if isinstance(value, dict | list) else value for name, value in values.items()}
    core["journal"] = {name: replace(step, superseded=list(step.superseded)) for name, step in stack.journal.items()}
    return core


def _bound(revision: Revision, exported: Callable[[str], str]) -> Revision:
    return replace(revision, scope=replace(revision.scope, exported=exported))
