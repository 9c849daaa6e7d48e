"""What a restart makes of the operations that were under way: they count as failed and are undone; deletions go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from local.cloudformation.operations import Operations
from local.cloudformation.stacks import Stack, Stacks

_INTERRUPTED: Final = "The local cloud was stopped while the operation was under way. "


def resume(stacks: Stacks, operations: Operations) -> None:
    """Take up every operation where its stack's tables say that it stands."""
    for stack in stacks.all():
        take_up = _TAKING_UP.get(stack.status)
        if take_up is not None:
            take_up(operations, stack)


def _create(operations: Operations, stack: Stack) -> None:
    operations.give_up_creation(stack, _INTERRUPTED)


def _undo(operations: Operations, stack: Stack) -> None:
    operations.undo_creation(stack)


def _update(operations: Operations, stack: Stack) -> None:
    operations.roll_back(stack, reason=_INTERRUPTED)


def _clean_up(operations: Operations, stack: Stack) -> None:
    operations.clean_up(stack)


def _delete(operations: Operations, stack: Stack) -> None:
    operations.delete(stack, stack.deletion)


_TAKING_UP: Final[dict[str, Callable[[Operations, Stack], None]]] = {
    "CREATE_IN_PROGRESS": _create,
    "DELETE_IN_PROGRESS": _delete,
    "ROLLBACK_IN_PROGRESS": _undo,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _clean_up,
    "UPDATE_IN_PROGRESS": _update,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _update,
    "UPDATE_ROLLBACK_IN_PROGRESS": _update,
}
