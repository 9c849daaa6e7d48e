"""Takes one resource of a stack through creation, change and removal, and writes each turn into the history."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from local.cloudformation.actor import Actor
from local.cloudformation.drift import Drift, detect
from local.cloudformation.dynamic import expanded
from local.cloudformation.errors import HalfMade, ResourceFailed
from local.cloudformation.history import History
from local.cloudformation.live import Live, Step
from local.cloudformation.mailbox import Mailbox
from local.cloudformation.names import physical_name
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.resources.provisioner import Place, Provisioner, Request, Rollbacks, gone, handler_said
from local.cloudformation.stacks import Stack
from local.errors import AwsError
from local.roles import Clients
from local.services import Services

_REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
_HANDLER_CODES = {"AccessDenied": "AccessDenied", "AlreadyExists": "AlreadyExists", "Throttl": "Throttling"}

_log = logging.getLogger(__name__)


class Lifecycle:
    """The life of a stack's resources. Every method raises ResourceFailed after it has written the failure down."""

    def __init__(
        self, services: Services, stack: Stack, history: History, *, rollbacks: Rollbacks, mailbox: Mailbox
    ) -> None:
        self._services, self._stack, self._history = services, stack, history
        self._rollbacks, self._mailbox = rollbacks, mailbox

    def create(self, live: Live) -> None:
        """Make a resource, or the new copy of one that is replaced, and wait until it is ready."""
        provisioner, old = CATALOGUE[live.type], self._existing(live.logical_id)
        live = replace(live, name=self._name(provisioner, live))
        verb, turning = "CREATE", live
        if old is not None:
            verb, turning = "UPDATE", old
            self._begin(old, old)
        reason = _REPLACING if old is not None else ""
        self._history.resource(self._stack, turning, f"{verb}_IN_PROGRESS", reason=reason)
        with self._failing(turning, verb) as turned:
            request = self._request(live)
            try:
                born = replace(live, physical_id=provisioner.create(request))
            except HalfMade as error:
                turned.append(replace(live, physical_id=error.physical_id))
                self._begin(turned[-1], old)
                raise
            turned.append(born)
            self._begin(born, old)
            self._history.resource(self._stack, born, f"{verb}_IN_PROGRESS", reason="Resource creation Initiated")
            request = replace(request, physical_id=born.physical_id)
            provisioner.complete(request)
            self._finish(provisioner, request, born, verb)

    def update(self, live: Live, wanted: Live) -> None:
        """Change a resource in place to what is wanted."""
        turned = replace(wanted, physical_id=live.physical_id, name=live.name, attributes=live.attributes)
        self._begin(turned, live)
        self._change(live, turned)

    def put_back(self, step: Step, before: Live) -> None:
        """Give a resource the state it had before a step of the journal; a new copy is only pushed off the list.

        What a custom resource has turned into is told to turn back: which it then is, its own answer says.
        """
        if step.created and not CATALOGUE[before.type].schema.open:
            self._history.resource(self._stack, before, "UPDATE_COMPLETE")
            return
        self._change(step.after, replace(before, physical_id=step.after.physical_id))
        if step.after.physical_id != before.physical_id:
            step.superseded.append(before)

    def drift(self, live: Live, clients: Clients) -> Drift:
        """Compare a resource with what its service tells whoever has asked. Raises ResourceFailed."""
        return detect(replace(self._request(live), clients=clients))

    def refuse(self, live: Live, reason: str) -> ResourceFailed:
        """Write down that a resource may not be made or changed, and give the error to raise."""
        if live.exists:
            self._begin(live, live)
        self._history.resource(self._stack, live, "UPDATE_FAILED" if live.exists else "CREATE_FAILED", reason=reason)
        return ResourceFailed(reason)

    def delete(self, live: Live, *, keep: bool, listed: bool) -> None:
        """Remove a resource, or leave it where it is; `listed` when the stack still lists this copy."""
        if keep:
            self._history.resource(self._stack, live, "DELETE_SKIPPED", kept=listed)
            return
        self._history.resource(self._stack, live, "DELETE_IN_PROGRESS", kept=listed)
        with self._failing(live, "DELETE", kept=listed):
            try:
                CATALOGUE[live.type].delete(self._request(live))
            except ClientError as error:
                if not gone(error):
                    raise
        self._history.resource(self._stack, live, "DELETE_COMPLETE", kept=listed)

    def _change(self, live: Live, turned: Live) -> None:
        provisioner = CATALOGUE[live.type]
        self._history.resource(self._stack, turned, "UPDATE_IN_PROGRESS")
        with self._failing(turned, "UPDATE"):
            request = replace(self._request(turned), before=expanded(live.properties, self._clients()))
            if live.properties != turned.properties or live.status.endswith("_FAILED"):
                turned = self._moved(turned, provisioner.update(request))
            self._finish(provisioner, replace(request, physical_id=turned.physical_id), turned, "UPDATE")

    def _moved(self, live: Live, physical_id: str | None) -> Live:
        """The record after an update that has put another resource in the place of this one, if it has."""
        if physical_id is None or physical_id == live.physical_id:
            return live
        with self._stack.lock:
            step = self._stack.journal[live.logical_id]
            if step.before is None or step.before.physical_id != live.physical_id:
                step.superseded.append(live)
        return replace(live, physical_id=physical_id)

    def _existing(self, logical_id: str) -> Live | None:
        with self._stack.lock:
            return self._stack.live().get(logical_id)

    def _finish(self, provisioner: Provisioner, request: Request, live: Live, verb: str) -> None:
        provisioner.wait(request)
        done = replace(live, attributes=provisioner.attributes(request))
        self._stack.journal[live.logical_id].after = done
        self._history.resource(self._stack, done, f"{verb}_COMPLETE")

    def _begin(self, after: Live, before: Live | None) -> None:
        """Write into the journal what has been begun, before anything else can fail."""
        with self._stack.lock:
            step = self._stack.journal.get(after.logical_id)
            if step is None:
                self._stack.journal[after.logical_id] = Step(before, after)
                self._stack.save()
                return
            # The journal of a failed update goes on: what it had made in between is now in nobody's hands.
            if step.created and step.after.physical_id != after.physical_id:
                step.superseded.append(step.after)
            step.after = after
            self._stack.save()

    def _request(self, live: Live) -> Request:
        clients = self._clients()
        return Request(
            services=self._services,
            stop=self._stack.stop,
            logical_id=live.logical_id,
            name=live.name,
            properties=expanded(live.properties, clients),
            physical_id=live.physical_id,
            rollbacks=self._rollbacks,
            type=live.type,
            stack=self._place(),
            mailbox=self._mailbox,
            known=live.attributes,
            clients=clients,
        )

    def _clients(self) -> Clients:
        return Actor(self._services, self._stack.caller, self._stack.role_arn).acting()

    def _place(self) -> Place:
        stack = self._stack
        capabilities = stack.revision.capabilities if stack.revision is not None else ()
        return Place(stack.id, stack.name, stack.role_arn, capabilities)

    def _name(self, provisioner: Provisioner, live: Live) -> str:
        schema = provisioner.schema
        if schema.name and live.properties.get(schema.name):
            return str(live.properties[schema.name])
        return physical_name(
            schema.naming,
            stack_name=self._stack.name,
            logical_id=live.logical_id,
            seed=f"{self._stack.id}/{self._stack.operation}/{live.logical_id}",
        )

    @contextmanager
    def _failing(self, live: Live, verb: str, *, kept: bool = True) -> Iterator[list[Live]]:
        """Turn what a provisioner raises into the event of a failure. The body may append a fuller record."""
        turned = [live]
        try:
            yield turned
        except Exception as error:
            reason = _reason(error)
            self._history.resource(self._stack, turned[-1], f"{verb}_FAILED", reason=reason, kept=kept)
            raise ResourceFailed(reason) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ResourceFailed):
        return str(error)
    if isinstance(error, AwsError):
        return error.message
    if isinstance(error, ClientError):
        said = error.response["Error"]
        code = next((code for word, code in _HANDLER_CODES.items() if word in said["Code"]), "InvalidRequest")
        message = f"{said.get('Message', '')} (Service: {error.operation_name}, Error Code: {said['Code']})"
        return handler_said(message, code)
    if isinstance(error, BotoCoreError):
        return handler_said(str(error), "InvalidRequest")
    _log.error("a provisioner failed", exc_info=error)
    if isinstance(error, KeyError):
        return f"Properties validation failed: required key {list(error.args)} not found"
    return f"Internal Failure: {type(error).__name__}: {error}"
