"""Types whose resources are plain ones of an API: create, describe, update and delete, told by botocore's model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.model import StructureShape

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, handler_said, tags

_UNDER_WAY: Final = ("creating", "deleting", "inprogress", "pending", "starting", "stopping", "updating")
_FAILED: Final = ("createfailed", "createfail", "failed", "updatefailed", "create_failed", "update_failed")


@dataclass(frozen=True)
class Calls:
    """The boto3 methods that a type's life consists of.

    `within` is the member of what `describe` answers that holds the resource, empty when it is the answer itself;
    `renamed` are the API's names of properties that it calls otherwise; `stop` must come before `delete`; `also` are
    optional members by which calls name the resource.
    """

    service: str
    create: str
    describe: str
    delete: str
    update: str = ""
    within: str = ""
    stop: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()


class Declared(Provisioner):
    """A type that is what its table says.

    `ref` composes the physical id of what `describe` answers; `attributes` tell which member each attribute is.
    `status` names the member to wait for, if there is one.
    """

    def __init__(
        self,
        schema: Schema,
        calls: Calls,
        *,
        ref: Callable[[Mapping[str, Any]], str],
        attributes: Mapping[str, str] | None = None,
        status: str = "",
    ) -> None:
        self.schema, self._calls, self._ref = schema, calls, ref
        self._attributes, self._status = attributes or {}, status

    def create(self, request: Request) -> str:
        """Create the resource."""
        given = dict(request.properties)
        if self.schema.name is not None:
            given[self.schema.name] = request.name
        wanted = self._members(request, self._calls.create, given)
        made = request.call(self._calls.service, self._calls.create, **wanted)
        return self._ref({**given, **_flat(made)})

    def update(self, request: Request) -> None:
        """Send what the update takes of the properties, if any of it differs, and change the tags."""
        if self._calls.update:
            known = self._shape(request, self._calls.update)
            takes = [name for name in self.schema.properties if self._calls.renamed.get(name, name) in known.members]
            if request.changed(*(name for name in takes if name != "Tags")):
                given = self._identity(request, self._calls.update) | request.some(*takes)
                given.pop("Tags", None)
                call = self._members(request, self._calls.update, given)
                request.call(self._calls.service, self._calls.update, **call)
        if self.schema.tags != "none":
            self.label(request)

    def wait(self, request: Request) -> None:
        """Wait until the resource's status is that of something done. Raises ResourceFailed for a failure."""
        if self._status:
            request.wait_until(lambda: self._settled(request))

    def delete(self, request: Request) -> None:
        """Stop what must stop, delete the resource, and wait until it is gone when it has a status."""
        service = self._calls.service
        if self._calls.stop and self._state(request) not in ("stopped", "failed"):
            request.call(service, self._calls.stop, **self._identity(request, self._calls.stop))
            self.wait(request)
        request.call(service, self._calls.delete, **self._identity(request, self._calls.delete))
        if self._status:
            place = self._identity(request, self._calls.describe)
            request.wait_until(lambda: not request.found(service, self._calls.describe, **place))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The members of the description that are attributes."""
        described = self.described(request) if self._attributes else {}
        found = {name: described.get(member) for name, member in self._attributes.items()}
        return {name: _attribute(value) for name, value in found.items() if value is not None}

    def read(self, request: Request) -> dict[str, Any]:
        """The properties as the description tells them."""
        described = self.described(request)
        names = {name: self._calls.renamed.get(name, name) for name in self.schema.properties}
        found = {name: described[member] for name, member in names.items() if member in described}
        if self.schema.tags != "none":
            found["Tags"] = self.labels(request)
        return found

    def described(self, request: Request) -> dict[str, Any]:
        """What the service says of the resource."""
        place = self._identity(request, self._calls.describe)
        answer: dict[str, Any] = request.call(self._calls.service, self._calls.describe, **place)
        inside: dict[str, Any] = answer[self._calls.within] if self._calls.within else answer
        return inside

    def label(self, request: Request) -> None:
        """Change the resource's tags. A subclass says by which calls."""
        raise NotImplementedError

    def labels(self, request: Request) -> dict[str, str]:
        """The resource's tags. A subclass says by which call."""
        raise NotImplementedError

    def identify(self, request: Request) -> dict[str, Any]:
        """The members by which calls name the resource; each call takes those that it has."""
        name = {self.schema.name: request.name} if self.schema.name is not None else {}
        return {**request.properties, **name}

    def _identity(self, request: Request, method: str) -> dict[str, Any]:
        shape = self._shape(request, method)
        known = self.identify(request)
        names = [*(shape.required_members or list(shape.members)[:1]), *self._calls.also]
        return {name: known[name] for name in names if name in known and name in shape.members}

    def _members(self, request: Request, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
        renamed = {self._calls.renamed.get(name, name): value for name, value in given.items()}
        if "Tags" in renamed and self.schema.tags == "list":
            renamed["Tags"] = [{"Key": key, "Value": value} for key, value in tags(renamed["Tags"]).items()]
        return renamed

    def _shape(self, request: Request, method: str) -> StructureShape:
        client = request.services.client(self._calls.service)
        operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
        assert isinstance(operation.input_shape, StructureShape)
        return operation.input_shape

    def _state(self, request: Request) -> str:
        return str(self.described(request).get(self._status, "")).lower() if self._status else ""

    def _settled(self, request: Request) -> bool:
        state = self._state(request)
        if state in _FAILED:
            why = self.described(request).get("FailureReason", f"the resource is {state}")
            raise ResourceFailed(handler_said(str(why), "NotStabilized"))
        return state not in _UNDER_WAY


def _flat(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an operation answers, with the members of an only structure brought up."""
    inner = [value for name, value in answer.items() if name != "ResponseMetadata"]
    if len(inner) == 1 and isinstance(inner[0], dict):
        return dict(inner[0])
    return dict(answer)


def _attribute(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
