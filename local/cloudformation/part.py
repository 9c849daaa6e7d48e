"""The part of the local cloud that answers for the `cloudformation` family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloudformation.api.change_sets import ChangeSets
from local.cloudformation.api.changes import Changes
from local.cloudformation.api.drifts import Drifts
from local.cloudformation.api.launch import Launcher
from local.cloudformation.api.queries import Queries
from local.cloudformation.api.submission import Submissions
from local.cloudformation.api.templates import Templates
from local.cloudformation.exports import Exports
from local.cloudformation.keeping import Keeping, Snapshot, restore, snapshot
from local.cloudformation.operations import Operations
from local.cloudformation.resources.provisioner import Rollbacks
from local.cloudformation.resumption import resume
from local.cloudformation.revisions import Revisions
from local.cloudformation.stacks import Stack, Stacks
from local.errors import StateError
from local.front import Family, Handler
from local.services import Services
from local.wire import Call, Raw


class CloudFormation:
    """Stacks, change sets and what is asked about them.

    `rollbacks` says what the handler of endpoints makes of a deployment that SageMaker takes back.
    """

    def __init__(self, services: Services, *, rollbacks: Rollbacks = "unnoticed") -> None:
        self._keeping = Keeping(services.state)
        self._stacks = Stacks(self._keeping.save, self._keeping.drop)
        self._operations = Operations(services, self._stacks, rollbacks=rollbacks)
        revisions = Revisions(services, Exports(self._stacks).value)
        for stack in self._keeping.load(revisions.export):
            self._stacks.add(stack)
        submissions = Submissions(revisions)
        launcher = Launcher(services, self._operations)
        shared = (services, self._stacks, self._operations, launcher, submissions)
        change_sets = ChangeSets(*shared)
        self._handlers = {
            **self._kept(Changes(*shared).handlers()),
            **self._kept(change_sets.handlers()),
            **Queries(self._stacks).handlers(),
            **Drifts(services, self._stacks, self._operations).handlers(),
            **Templates(services, self._stacks, change_sets).handlers(),
        }

    def families(self) -> list[Family]:
        """The one family."""
        return [Family("cloudformation", self._handlers)]

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until no stack operation runs. False when time is up."""
        return self._operations.settled(timeout_seconds)

    def resume(self) -> None:
        """Take up the operations that were under way."""
        resume(self._stacks, self._operations)

    def close(self) -> None:
        """Give up what runs."""
        self._operations.close()

    def _kept(self, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
        """The handlers, each of which answers once the stack that it was asked about is kept."""
        return {name: self._keep_after(handler) for name, handler in handlers.items()}

    def _touched(self, names: set[str]) -> list[Stack]:
        every = self._stacks.all()
        return [stack for stack in every if {stack.id, stack.name, *(c.id for c in stack.change_sets)} & names]

    def _take_back(self, names: set[str], before: Mapping[str, tuple[Stack, Snapshot]]) -> None:
        """Leave stacks as they were before a request that could not be kept; what has begun by then goes on."""
        for stack in self._touched(names):
            if stack.id not in before:
                self._stacks.forget(stack)
            elif not stack.running:
                restore(*before[stack.id])

    def _keep_after(self, handler: Handler) -> Handler:
        def kept(params: dict[str, Any], call: Call) -> dict[str, Any] | Raw:
            names = {params.get("StackName", ""), params.get("ChangeSetName", "")}
            before = {stack.id: (stack, snapshot(stack)) for stack in self._touched(names)}
            try:
                result = handler(params, call)
                for stack in self._touched(names):
                    stack.save()
            except StateError:
                self._take_back(names, before)
                raise
            return result

        return kept
