"""Who exports what to whom, and what therefore may not change."""

from __future__ import annotations

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.stacks import Output, Stack, Stacks


class Exports:
    """The exports of all stacks."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks

    def value(self, name: str) -> str | None:
        """The value of an export; None when nobody exports that name."""
        found = self._stacks.exports().get(name)
        return found[1].value if found else None

    def publish(self, stack: Stack, outputs: list[Output]) -> None:
        """Give a stack its outputs. Raises ResourceFailed when an export is another's, or in use and would change."""
        with self._stacks.lock:
            exports = self._stacks.exports()
            self.check_unused(stack, keeping={output.export for output in outputs})
            for output in outputs:
                owner = exports.get(output.export)
                if owner is None:
                    continue
                if owner[0] is not stack:
                    taken = f"Export with name {output.export} is already exported by stack {owner[0].name}"
                    raise ResourceFailed(taken)
                users = self._stacks.importers(output.export)
                if owner[1].value != output.value and users:
                    used = f"Cannot update export {output.export} as it is in use by {' and '.join(users)}"
                    raise ResourceFailed(used)
            stack.outputs = outputs

    def check_unused(self, stack: Stack, *, keeping: set[str]) -> None:
        """Raise ResourceFailed when a stack would lose an export that another one imports."""
        for output in stack.outputs:
            users = self._stacks.importers(output.export) if output.export not in keeping else []
            if users:
                used = f"Export {output.export} cannot be deleted as it is in use by {' and '.join(users)}"
                raise ResourceFailed(used)
