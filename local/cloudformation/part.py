"""The part of the local cloud that answers for the `cloudformation` family."""

from __future__ import annotations

from local.cloudformation.api.change_sets import ChangeSets
from local.cloudformation.api.changes import Changes
from local.cloudformation.api.drifts import Drifts
from local.cloudformation.api.launch import Launcher
from local.cloudformation.api.queries import Queries
from local.cloudformation.api.submission import Submissions
from local.cloudformation.api.templates import Templates
from local.cloudformation.exports import Exports
from local.cloudformation.operations import Operations
from local.cloudformation.resources.provisioner import Rollbacks
from local.cloudformation.revisions import Revisions
from local.cloudformation.stacks import Stacks
from local.front import Family
from local.services import Services


class CloudFormation:
    """Stacks, change sets and what is asked about them.

    `rollbacks` says what the handler of endpoints makes of a deployment that SageMaker takes back.
    """

    def __init__(self, services: Services, *, rollbacks: Rollbacks = "unnoticed") -> None:
        self._stacks = Stacks()
        self._operations = Operations(services, self._stacks, rollbacks=rollbacks)
        submissions = Submissions(Revisions(services, Exports(self._stacks).value))
        launcher = Launcher(services, self._operations)
        shared = (services, self._stacks, self._operations, launcher, submissions)
        change_sets = ChangeSets(*shared)
        self._handlers = {
            **Changes(*shared).handlers(),
            **change_sets.handlers(),
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
        """Nothing of it outlives the process yet."""

    def close(self) -> None:
        """Give up what runs."""
        self._operations.close()
