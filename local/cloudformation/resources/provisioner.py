"""What every resource type must be able to do, and what a type that is one API resource can do by declaration."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError

from local.cloudformation.errors import Cancelled, ResourceFailed
from local.cloudformation.mailbox import Mailbox
from local.cloudformation.names import Naming
from local.cloudformation.resources.fit import fitted
from local.errors import UnsupportedLocally
from local.roles import Clients
from local.services import Services

Rollbacks = Literal["unnoticed", "noticed", "noticed-again", "stuck"]
"""What CloudFormation makes of a deployment that SageMaker takes back, which AWS documents nowhere.

`unnoticed`: the update is complete, though the endpoint serves its old configuration. `noticed`: the resource fails and
the stack is rolled back, for which nothing is left to do. `noticed-again`: the stack's rollback deploys the
configuration that is served already once more. `stuck`: SageMaker refuses that, and the rollback fails.
"""

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Schema:
    """What CloudFormation's own resource schema says of a type, as far as it is supported here.

    `name` is the property that names the resource when it is given, `attributes` are what Fn::GetAtt gives,
    `create_only` are the properties whose change needs a new resource, `fixed` those whose change is refused, and
    `changing` the attributes that a change in place may change; `unread` are properties, or paths into them, that no
    API tells, be it that moto forgets them. An `open` type has properties and attributes of its template's choice, and
    may turn into another resource when it is changed; attributes that begin with `family` are of the resource's choice.
    """

    type: str
    properties: frozenset[str]
    create_only: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    changing: frozenset[str] = frozenset()
    name: str | None = None
    naming: Naming = field(default_factory=Naming)
    tags: Literal["list", "map", "none"] = "none"
    unread: frozenset[str] = frozenset()
    open: bool = False
    family: str | None = None

    def has_property(self, name: str) -> bool:
        """Whether a template may set the property."""
        return self.open or name in self.properties

    def has_attribute(self, name: str) -> bool:
        """Whether Fn::GetAtt gives the attribute, as far as is known before the resource is."""
        return self.open or name in self.attributes or self._in_family(name)

    def may_change(self, attribute: str) -> bool:
        """Whether a change in place may change the attribute."""
        return self.open or attribute in self.changing or self._in_family(attribute)

    def _in_family(self, attribute: str) -> bool:
        return self.family is not None and attribute.startswith(self.family)


@dataclass(frozen=True)
class Place:
    """The stack that a resource belongs to, as far as resources may know it."""

    id: str = ""
    name: str = ""
    role_arn: str = ""
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One resource of one stack, as its provisioner sees it: the properties wanted, and those it had before.

    `known` are the attributes that it has had so far; `notes` are kept from one step of an operation to the next;
    `clients` call in the name of who acts, in that of the account's administrator when there are none.
    """

    services: Services
    stop: threading.Event
    logical_id: str
    name: str
    properties: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    rollbacks: Rollbacks = "unnoticed"
    type: str = ""
    stack: Place = field(default_factory=Place)
    mailbox: Mailbox | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    clients: Clients | None = None

    def call(self, service: str, method: str, **params: Any) -> Any:
        """Call a boto3 method with parameters in the types of a template. Raises ResourceFailed and ClientError."""
        client = (self.clients or self.services).client(service)
        operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
        shape = operation.input_shape
        return getattr(client, method)(**(fitted(shape, params) if shape is not None else {}))

    def some(self, *names: str) -> dict[str, Any]:
        """The named properties that the template gives."""
        return {name: self.properties[name] for name in names if name in self.properties}

    def changed(self, *names: str) -> bool:
        """Whether any of the named properties differs from before."""
        return any(self.properties.get(name) != self.before.get(name) for name in names)

    def wait_until(self, stable: Callable[[], bool]) -> None:
        """Ask until `stable` holds. Raises Cancelled when the operation is given up, and what `stable` raises."""
        while not stable():
            if self.stop.wait(_POLL_SECONDS):
                raise Cancelled("Resource creation cancelled")

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self.services.region}:{self.services.account}:{resource}"

    def drop(self, service: str, method: str, **params: Any) -> None:
        """Call a method that takes something away; it may be gone already. Raises ResourceFailed and ClientError."""
        try:
            self.call(service, method, **params)
        except ClientError as error:
            if not gone(error):
                raise

    def found(self, service: str, method: str, **params: Any) -> bool:
        """Whether a method that describes something finds it. Raises ResourceFailed and ClientError."""
        try:
            self.call(service, method, **params)
        except ClientError as error:
            if gone(error):
                return False
            raise
        return True

    def told(self, service: str, method: str, **params: Any) -> dict[str, Any]:
        """What a method tells of something, empty when there is nothing. Raises ResourceFailed and ClientError."""
        try:
            answer: dict[str, Any] = self.call(service, method, **params)
        except ClientError as error:
            if gone(error):
                return {}
            raise
        return answer

    def retag(
        self,
        service: str,
        *,
        tag: str = "tag_resource",
        untag: str = "untag_resource",
        form: Callable[[Mapping[str, str]], Any] = lambda by_key: tag_list(by_key),
        **resource: str,
    ) -> None:
        """Set the tags that differ and take the others away, by the two methods, with tags in the API's form."""
        wanted, had = tags(self.properties.get("Tags")), tags(self.before.get("Tags"))
        changed = {key: value for key, value in wanted.items() if had.get(key) != value}
        removed = sorted(had.keys() - wanted.keys())
        if changed:
            self.call(service, tag, **resource, Tags=form(changed))
        if removed:
            self.call(service, untag, **resource, TagKeys=removed)


class Provisioner:
    """Makes, changes and removes the resources of one type. A subclass says what differs from doing nothing."""

    schema: Schema

    def exists(self, services: Services, name: str) -> bool:
        """Whether the account has a resource of that custom name already. Raises UnsupportedLocally."""
        raise UnsupportedLocally(f"ImportExistingResources with {self.schema.type} {name}")

    def create(self, request: Request) -> str:
        """Make the resource and give its physical id as soon as it exists. Raises ResourceFailed or ClientError."""
        raise NotImplementedError

    def complete(self, request: Request) -> None:
        """Do what creation needs beyond the call that made the resource."""

    def update(self, request: Request) -> str | None:
        """Change the resource in place from `request.before` to `request.properties`, if anything of it can change.

        Gives the physical id of the resource that has taken its place, if one has.
        """
        return None

    def wait(self, request: Request) -> None:
        """Return once a created or updated resource is ready. Raises ResourceFailed when it will not be."""

    def delete(self, request: Request) -> None:
        """Remove the resource and return once it is gone."""
        raise NotImplementedError

    def attributes(self, request: Request) -> dict[str, Any]:
        """What Fn::GetAtt gives, by attribute."""
        return {}

    def read(self, request: Request) -> dict[str, Any]:
        """The properties as the service tells them, in a template's form; what is not set may be absent.

        Raises ResourceFailed, ClientError when the resource is gone, and UnsupportedLocally for a type without any.
        """
        raise UnsupportedLocally(f"drift detection of {self.schema.type}")


def tags(value: Any) -> dict[str, str]:
    """A Tags property, list or map, by key."""
    if isinstance(value, list):
        return {str(item["Key"]): str(item["Value"]) for item in value}
    return {str(key): str(item) for key, item in (value or {}).items()}


def tag_list(by_key: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most APIs take them."""
    return [{"Key": key, "Value": value} for key, value in by_key.items()]


def truth(value: Any) -> bool:
    """A boolean property, which templates may also write as text."""
    return str(value).lower() == "true"


def text(value: Any) -> str:
    """A property as APIs with textual attributes take it: documents as JSON, booleans as true and false."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, Mapping | list) else str(value)


def gone(error: ClientError) -> bool:
    """Whether a service's error says that the resource does not exist."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")):
        return True
    # SageMaker answers ValidationException for what is missing.
    return code == "ValidationException" and any(
        phrase in message for phrase in ("Cannot find", "Could not find", "does not exist", "could not be found")
    )


def handler_said(message: str, code: str) -> str:
    """The reason of a failure in the words that CloudFormation puts around its handlers' own."""
    return f'Resource handler returned message: "{message}" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'


def refuse_existing(schema: Schema, identifier: str) -> ResourceFailed:
    """The error for a resource that exists already, where the API would overwrite it or take it for the same."""
    return ResourceFailed(f"Resource of type '{schema.type}' with identifier '{identifier}' already exists.")


def required(request: Request, name: str) -> Any:
    """A property that the type cannot do without. Raises ResourceFailed in the words of CloudFormation's handlers."""
    if name not in request.properties:
        failed = f"Properties validation failed for resource {request.logical_id} with message"
        raise ResourceFailed(f"{failed}: #: required key [{name}] not found")
    return request.properties[name]
