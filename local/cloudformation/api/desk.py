"""What the operations share that start something with a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloudformation.actor import Actor
from local.cloudformation.api.launch import Launcher
from local.cloudformation.api.submission import Submissions
from local.cloudformation.operations import Operations
from local.cloudformation.stacks import Stack, Stacks
from local.services import Services
from local.wire import Call


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

    def _actor(self, params: Mapping[str, Any], call: Call, stack: Stack | None = None) -> Actor:
        """Who acts for a request: the role it names, the one that the stack has had, or its caller."""
        role_arn = params.get("RoleARN") or (stack.role_arn if stack is not None else "")
        return Actor(self._services, call.access_key_id, role_arn)
