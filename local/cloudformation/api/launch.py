"""Starts creations and updates, whether they were asked for directly or by a change set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudformation.operations import Creation, OnFailure, Operations
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import UPDATABLE, Stack
from local.errors import AwsError
from local.services import Services


@dataclass(frozen=True)
class Order:
    """What is to be done with a stack; without `role_arn` its last role stays, `policy` holds for this update alone.

    `caller` is the access key of whoever asks.
    """

    revision: Revision
    token: str = ""
    role_arn: str | None = None
    on_failure: OnFailure = "ROLLBACK"
    retain_except_on_create: bool = False
    policy: str | None = None
    caller: str = ""


class Launcher:
    """Enters stacks into operations and remembers by whose token."""

    def __init__(self, services: Services, operations: Operations) -> None:
        self._services, self._operations = services, operations

    def create(self, stack: Stack, order: Order, *, request: str) -> None:
        """Start making what a new stack consists of. Raises InvalidRequest when that has begun already."""
        refused = "Stack:{id} is in {status} state and can not be created."
        allowed = frozenset({"REVIEW_IN_PROGRESS"})
        stack.begin("CREATE_IN_PROGRESS", allowed=allowed, refused=refused, token=order.token)
        self._note(stack, order, request)
        creation = Creation(order.on_failure, order.retain_except_on_create)
        self._operations.create(stack, order.revision, creation)

    def update(self, stack: Stack, order: Order, *, request: str) -> None:
        """Start taking a stack to another revision. Raises InvalidRequest when something else runs on it."""
        refused = "Stack:{id} is in {status} state and can not be updated."
        stack.begin("UPDATE_IN_PROGRESS", allowed=UPDATABLE, refused=refused, token=order.token)
        self._note(stack, order, request)
        with stack.lock:
            stack.updated_at = self._services.clock.now()
            for change_set in stack.change_sets:
                if change_set.open:
                    change_set.execution = "OBSOLETE"
        policy = stack.policy if order.policy is None else order.policy
        disable = order.on_failure == "DO_NOTHING"
        self._operations.update(stack, order.revision, policy=policy, disable_rollback=disable)

    def _note(self, stack: Stack, order: Order, request: str) -> None:
        with stack.lock:
            if order.role_arn is not None:
                stack.role_arn = order.role_arn
            stack.caller = order.caller
            stack.disable_rollback = order.on_failure == "DO_NOTHING"
        remember(stack, request, order.token)


def asked(operation: str, params: Mapping[str, Any]) -> str:
    """What a request asks for, as a text that is the same for its repetition and for no other request."""
    return f"{operation} {json.dumps(params, sort_keys=True, default=str)}"


def repeated(stack: Stack, request: str, token: str) -> bool:
    """Whether the request has been made before. Raises TokenAlreadyExistsException when its token was another's."""
    known = stack.tokens.get(token) if token else None
    if known is not None and known != request:
        message = f"Another request of {known.partition(' ')[0]} with the token {token} has been made before"
        raise AwsError("TokenAlreadyExistsException", message)
    return known is not None


def remember(stack: Stack, request: str, token: str) -> None:
    """Keep a request's token, so that a repetition does nothing."""
    if token:
        with stack.lock:
            stack.tokens[token] = request
