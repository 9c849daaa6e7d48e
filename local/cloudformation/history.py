"""A stack's history: every turn of a stack or resource becomes its status, an event, and EventBridge's word."""

from __future__ import annotations

import json
import uuid

from local.cloudformation.live import Live, reported
from local.cloudformation.masking import Masked, masked
from local.cloudformation.names import event_id
from local.cloudformation.stacks import Event, Stack
from local.services import Services

_SOURCE = "aws.cloudformation"


class History:
    """Writes the events of stacks."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def stack(self, stack: Stack, status: str, *, reason: str = "") -> None:
        """Give a stack another status and tell."""
        with stack.lock:
            stack.status, stack.reason = status, reason
            event = Event(
                id=str(uuid.uuid4()),
                at=self._services.clock.now(),
                logical_id=stack.name,
                physical_id=stack.id,
                type="AWS::CloudFormation::Stack",
                status=status,
                reason=reason,
                properties="",
                token=stack.token,
            )
            stack.events.append(event)
            stack.save()
        detail = {
            "stack-id": stack.id,
            "status-details": {"status": status, "status-reason": reason},
            "client-request-token": event.token,
        }
        self._services.emit(_SOURCE, "CloudFormation Stack Status Change", detail, resources=[stack.id])

    def resource(self, stack: Stack, live: Live, status: str, *, reason: str = "", kept: bool = True) -> Live:
        """Give a resource another status and tell; `kept` is false for a copy that the stack no longer lists."""
        now = self._services.clock.now()
        turned = reported(live, status, now, reason=reason)
        with stack.lock:
            if kept:
                stack.put(turned)
            stack.events.append(
                Event(
                    id=event_id(live.logical_id, status),
                    at=now,
                    logical_id=live.logical_id,
                    physical_id=live.physical_id,
                    type=live.type,
                    status=status,
                    reason=reason,
                    properties=_shown(stack, live),
                    token=stack.token,
                )
            )
            stack.save()
        self._tell(stack, turned)
        return turned

    def _tell(self, stack: Stack, live: Live) -> None:
        detail = {
            "stack-id": stack.id,
            "logical-resource-id": live.logical_id,
            "physical-resource-id": live.physical_id,
            "status-details": {"status": live.status, "status-reason": live.reason},
            "resource-type": live.type,
            "client-request-token": stack.token,
        }
        self._services.emit(_SOURCE, "CloudFormation Resource Status Change", detail, resources=[stack.id])


def _shown(stack: Stack, live: Live) -> str:
    """A resource's properties as JSON, with what must not be shown masked."""
    parameters = stack.revision.parameters.values() if stack.revision is not None else ()
    echoless = [parameter.text for parameter in parameters if parameter.no_echo]
    answered = [value for other in stack.live().values() for value in other.attributes.values()]
    return masked(json.dumps(live.properties), [*echoless, *(str(a) for a in answered if isinstance(a, Masked))])
