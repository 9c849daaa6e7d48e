"""AWS::Lambda: versions and aliases of functions, and versions of layers."""

from __future__ import annotations

from typing import Any

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required

_ALIAS = ("Description", "FunctionName", "FunctionVersion", "Name")


class Version(Provisioner):
    """A version of a function as it is when the resource is made. Another one is another resource."""

    schema = Schema(
        type="AWS::Lambda::Version",
        properties=frozenset({"CodeSha256", "Description", "FunctionName"}),
        create_only=frozenset({"CodeSha256", "Description", "FunctionName"}),
        attributes=frozenset({"FunctionArn", "Version"}),
    )

    def create(self, request: Request) -> str:
        """Publish the version, once the function is ready."""
        function = {"FunctionName": required(request, "FunctionName")}
        request.wait_until(lambda: self._settled(request))
        settings = request.some("CodeSha256", "Description")
        return str(request.call("lambda", "publish_version", **function, **settings)["FunctionArn"])

    def delete(self, request: Request) -> None:
        """Delete the version; the function stays."""
        function, _, version = request.physical_id.rpartition(":")
        request.drop("lambda", "delete_function", FunctionName=function, Qualifier=version)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The version's ARN and number."""
        return {"FunctionArn": request.physical_id, "Version": request.physical_id.rpartition(":")[2]}

    def read(self, request: Request) -> dict[str, Any]:
        """The version, under the name that the template has for its function."""
        function, _, version = request.physical_id.rpartition(":")
        made = request.call("lambda", "get_function_configuration", FunctionName=function, Qualifier=version)
        wanted = str(request.properties["FunctionName"])
        return {**made, "FunctionName": wanted if wanted in (function, made["FunctionName"]) else function}

    def _settled(self, request: Request) -> bool:
        function = {"FunctionName": required(request, "FunctionName")}
        state = request.call("lambda", "get_function_configuration", **function)
        return bool(state.get("State", "Active") == "Active" and state.get("LastUpdateStatus") != "InProgress")


_LAYER = ("CompatibleArchitectures", "CompatibleRuntimes", "Content", "Description", "LayerName", "LicenseInfo")


class LayerVersion(Provisioner):
    """A version of a layer. Another one is another resource."""

    schema = Schema(
        type="AWS::Lambda::LayerVersion",
        properties=frozenset(_LAYER),
        create_only=frozenset(_LAYER),
        attributes=frozenset({"LayerVersionArn"}),
        unread=frozenset({"Content"}),
        name="LayerName",
        naming=Naming(limit=140),
    )

    def create(self, request: Request) -> str:
        """Publish the version."""
        given = {**request.properties, "LayerName": request.name}
        return str(request.call("lambda", "publish_layer_version", **given)["LayerVersionArn"])

    def delete(self, request: Request) -> None:
        """Delete the version; functions that have it keep it."""
        layer, _, number = request.physical_id.rpartition(":")
        request.drop("lambda", "delete_layer_version", LayerName=layer, VersionNumber=int(number))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The version's ARN."""
        return {"LayerVersionArn": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """What the service tells of the version."""
        found = request.call("lambda", "get_layer_version_by_arn", Arn=request.physical_id)
        return {**found, "LayerName": str(found["LayerArn"]).rpartition(":")[2]}


class Alias(Provisioner):
    """A name for a version of a function, or for two by weight."""

    schema = Schema(
        type="AWS::Lambda::Alias",
        properties=frozenset({*_ALIAS, "RoutingConfig"}),
        create_only=frozenset({"FunctionName", "Name"}),
        attributes=frozenset({"AliasArn"}),
        name="Name",
    )

    def create(self, request: Request) -> str:
        """Create the alias."""
        made = request.call("lambda", "create_alias", **request.some(*_ALIAS), **_routing(request))
        return str(made["AliasArn"])

    def update(self, request: Request) -> None:
        """Change version, description and weights."""
        description = {"Description": request.properties.get("Description", "")}
        request.call("lambda", "update_alias", **{**request.some(*_ALIAS), **description}, **_routing(request))

    def delete(self, request: Request) -> None:
        """Delete the alias; its versions stay."""
        request.drop("lambda", "delete_alias", **self._place(request))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The alias's ARN."""
        return {"AliasArn": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The alias, with its weights as templates write them."""
        found = request.call("lambda", "get_alias", **self._place(request))
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        listed = [{"FunctionVersion": version, "FunctionWeight": weight} for version, weight in weights.items()]
        routing = {"RoutingConfig": {"AdditionalVersionWeights": listed}} if listed else {}
        return {**found, **routing, **request.some("FunctionName")}

    def _place(self, request: Request) -> dict[str, Any]:
        return {"FunctionName": required(request, "FunctionName"), "Name": required(request, "Name")}


class FunctionUrl(Provisioner):
    """The URL of a function, or of one of its aliases."""

    schema = Schema(
        type="AWS::Lambda::Url",
        properties=frozenset({"AuthType", "Cors", "InvokeMode", "Qualifier", "TargetFunctionArn"}),
        create_only=frozenset({"Qualifier", "TargetFunctionArn"}),
        attributes=frozenset({"FunctionArn", "FunctionUrl"}),
    )

    def create(self, request: Request) -> str:
        """Give the function its URL."""
        settings = request.some("AuthType", "Cors", "InvokeMode")
        made = request.call("lambda", "create_function_url_config", **self._place(request), **settings)
        return str(made["FunctionArn"])

    def update(self, request: Request) -> None:
        """Change who may use it and how."""
        settings = {"Cors": request.properties.get("Cors", {}), **request.some("AuthType", "InvokeMode")}
        request.call("lambda", "update_function_url_config", **self._place(request), **settings)

    def delete(self, request: Request) -> None:
        """Take the URL away; the function stays."""
        request.drop("lambda", "delete_function_url_config", **self._place(request))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The function's ARN and its URL."""
        found = self._described(request)
        return {"FunctionArn": found["FunctionArn"], "FunctionUrl": found["FunctionUrl"]}

    def read(self, request: Request) -> dict[str, Any]:
        """The configuration of the URL."""
        return {**self._described(request), **request.some("Qualifier", "TargetFunctionArn")}

    def _described(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = request.call("lambda", "get_function_url_config", **self._place(request))
        return found

    def _place(self, request: Request) -> dict[str, Any]:
        return {"FunctionName": required(request, "TargetFunctionArn"), **request.some("Qualifier")}


def _routing(request: Request) -> dict[str, Any]:
    listed = request.properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    weights = {item["FunctionVersion"]: item["FunctionWeight"] for item in listed}
    return {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights or request.before else {}


TYPES = (Alias(), FunctionUrl(), LayerVersion(), Version())
