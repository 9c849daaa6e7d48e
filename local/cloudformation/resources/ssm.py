"""AWS::SSM: parameters."""

from __future__ import annotations

from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tag_list, tags

_SETTINGS: Final = ("AllowedPattern", "DataType", "Description", "Policies", "Tier", "Type", "Value")


class Parameter(Provisioner):
    """A parameter. Its tags are a map in templates and a list in the API."""

    schema = Schema(
        type="AWS::SSM::Parameter",
        properties=frozenset({*_SETTINGS, "Name", "Tags"}),
        create_only=frozenset({"Name"}),
        attributes=frozenset({"Arn", "Type", "Value"}),
        changing=frozenset({"Type", "Value"}),
        name="Name",
        naming=Naming(limit=1000),
        tags="map",
    )

    def create(self, request: Request) -> str:
        """Put the parameter, unless one of that name exists."""
        required(request, "Value")
        labels = tag_list(tags(request.properties.get("Tags")))
        request.call("ssm", "put_parameter", Name=request.name, **request.some(*_SETTINGS), Tags=labels)
        return request.name

    def update(self, request: Request) -> None:
        """Overwrite the parameter and change its tags."""
        if request.changed(*_SETTINGS):
            settings = request.some(*_SETTINGS)
            request.call("ssm", "put_parameter", Name=request.name, **settings, Overwrite=True)
        request.retag(
            "ssm",
            tag="add_tags_to_resource",
            untag="remove_tags_from_resource",
            ResourceType="Parameter",
            ResourceId=request.name,
        )

    def delete(self, request: Request) -> None:
        """Delete the parameter."""
        request.call("ssm", "delete_parameter", Name=request.physical_id)

    def read(self, request: Request) -> dict[str, Any]:
        """The parameter with its tags."""
        found = request.call("ssm", "get_parameter", Name=request.physical_id, WithDecryption=True)["Parameter"]
        wanted = [{"Key": "Name", "Option": "Equals", "Values": [request.physical_id]}]
        about = request.call("ssm", "describe_parameters", ParameterFilters=wanted)["Parameters"]
        place = {"ResourceType": "Parameter", "ResourceId": request.physical_id}
        labels = request.call("ssm", "list_tags_for_resource", **place)["TagList"]
        return {**about[0], **found, "Tags": tags(labels)} if about else {}

    def attributes(self, request: Request) -> dict[str, Any]:
        """The parameter's ARN, type and value."""
        place = request.physical_id.lstrip("/")
        values = {"Type": request.properties.get("Type", "String"), "Value": request.properties["Value"]}
        return {"Arn": request.arn("ssm", f"parameter/{place}"), **values}


TYPES = (Parameter(),)
