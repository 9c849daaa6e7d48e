"""AWS::StepFunctions: state machines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags

_SERVICE: Final = "stepfunctions"
_DEFINITION: Final = ("Definition", "DefinitionS3Location", "DefinitionString", "DefinitionSubstitutions")
_SETTINGS: Final = ("EncryptionConfiguration", "LoggingConfiguration", "RoleArn", "TracingConfiguration")
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")


class StateMachine(Provisioner):
    """A state machine whose definition stands in the template or in S3."""

    schema = Schema(
        type="AWS::StepFunctions::StateMachine",
        properties=frozenset({*_DEFINITION, *_SETTINGS, "StateMachineName", "StateMachineType", "Tags"}),
        create_only=frozenset({"StateMachineName", "StateMachineType"}),
        attributes=frozenset({"Arn", "Name"}),
        unread=frozenset({"DefinitionS3Location", "DefinitionSubstitutions"}),
        name="StateMachineName",
        naming=Naming(limit=80),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the state machine."""
        required(request, "RoleArn")
        settings = {_lower(name): value for name, value in request.some(*_SETTINGS).items()}
        if "StateMachineType" in request.properties:
            settings["type"] = request.properties["StateMachineType"]
        labels = [{"key": key, "value": value} for key, value in tags(request.properties.get("Tags")).items()]
        definition = _definition(request)
        made = request.call(
            _SERVICE, "create_state_machine", name=request.name, definition=definition, tags=labels, **settings
        )
        return str(made["stateMachineArn"])

    def update(self, request: Request) -> None:
        """Change definition, role, logging, tracing and tags, each when it differs."""
        settings = {_lower(name): request.properties.get(name, {}) for name in _SETTINGS if request.changed(name)}
        if request.changed(*_DEFINITION):
            settings["definition"] = _definition(request)
        if settings:
            request.call(_SERVICE, "update_state_machine", stateMachineArn=request.physical_id, **settings)
        wanted, had = tags(request.properties.get("Tags")), tags(request.before.get("Tags"))
        fresh = [{"key": key, "value": value} for key, value in wanted.items() if had.get(key) != value]
        stale = sorted(had.keys() - wanted.keys())
        if fresh:
            request.call(_SERVICE, "tag_resource", resourceArn=request.physical_id, tags=fresh)
        if stale:
            request.call(_SERVICE, "untag_resource", resourceArn=request.physical_id, tagKeys=stale)

    def delete(self, request: Request) -> None:
        """Delete the state machine."""
        request.call(_SERVICE, "delete_state_machine", stateMachineArn=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """Its ARN and name."""
        return {"Arn": request.physical_id, "Name": request.name}

    def read(self, request: Request) -> dict[str, Any]:
        """Everything but where the definition was taken from."""
        found = request.call(_SERVICE, "describe_state_machine", stateMachineArn=request.physical_id)
        labels = request.call(_SERVICE, "list_tags_for_resource", resourceArn=request.physical_id)["tags"]
        own = {name: _pascal(found[_lower(name)]) for name in _SETTINGS if _lower(name) in found}
        written = {name: found["definition"] for name in ("Definition", "DefinitionString")}
        names = {"StateMachineName": found["name"], "StateMachineType": found["type"]}
        return {**own, **written, **names, "Tags": {label["key"]: label["value"] for label in labels}}


def _definition(request: Request) -> str:
    given = request.properties
    if "DefinitionString" in given:
        text = str(given["DefinitionString"])
    elif "Definition" in given:
        text = json.dumps(given["Definition"])
    elif "DefinitionS3Location" in given:
        text = _from_s3(request, given["DefinitionS3Location"])
    else:
        raise ResourceFailed("A state machine needs Definition, DefinitionString or DefinitionS3Location.")
    values = {name: str(value) for name, value in given.get("DefinitionSubstitutions", {}).items()}
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _from_s3(request: Request, place: Mapping[str, Any]) -> str:
    version = {"VersionId": place["Version"]} if "Version" in place else {}
    found = request.call("s3", "get_object", Bucket=place["Bucket"], Key=place["Key"], **version)
    return bytes(found["Body"].read()).decode()


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: _pascal(item) for name, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


TYPES = (StateMachine(),)
