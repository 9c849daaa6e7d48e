"""What the operations share that start something with a stack."""

from __future__ import annotations

from local.cloudformation.api.launch import Launcher
from local.cloudformation.api.submission import Submissions
from local.cloudformation.operations import Operations
from local.cloudformation.stacks import Stacks
from local.services import Services


class Desk:
    """Takes requests that change stacks. A subclass has the handlers of a kind of request."""

    def __init__(
        self,
        services: Services,
        stacks: Stacks,
        operations: Operations,
        launcher: Launcher,
        submissions: Submissions,
    ) -> None:
        self._services, self._stacks, self._operations = services, stacks, operations
        self._launcher, self._submissions = launcher, submissions
