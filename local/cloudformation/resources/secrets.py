"""AWS::SecretsManager: secrets and their policies."""

from __future__ import annotations

import json
from typing import Any, Final

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags, text

_SERVICE: Final = "secretsmanager"
_GENERATED: Final = ("GenerateStringKey", "SecretStringTemplate")


class Secret(Provisioner):
    """A secret whose value stands in the template or is made up. No answer of the API shows how it was made."""

    schema = Schema(
        type="AWS::SecretsManager::Secret",
        properties=frozenset({"Description", "GenerateSecretString", "KmsKeyId", "Name", "SecretString", "Tags"}),
        create_only=frozenset({"Name"}),
        attributes=frozenset({"Id"}),
        unread=frozenset({"GenerateSecretString", "SecretString"}),
        name="Name",
        naming=Naming(limit=512),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the secret with its first version."""
        settings = request.some("Description", "KmsKeyId", "Tags")
        made = request.call(_SERVICE, "create_secret", Name=request.name, SecretString=_value(request), **settings)
        return str(made["ARN"])

    def update(self, request: Request) -> None:
        """Change description, key, tags and, when what the template says of it differs, the value."""
        settings = {name: request.properties.get(name, "") for name in ("Description",) if request.changed(name)}
        if request.changed("KmsKeyId"):
            settings |= request.some("KmsKeyId")
        if request.changed("SecretString", "GenerateSecretString"):
            settings["SecretString"] = _value(request)
        if settings:
            request.call(_SERVICE, "update_secret", SecretId=request.physical_id, **settings)
        request.retag(_SERVICE, SecretId=request.physical_id)

    def delete(self, request: Request) -> None:
        """Delete the secret at once, as CloudFormation does."""
        request.call(_SERVICE, "delete_secret", SecretId=request.physical_id, ForceDeleteWithoutRecovery=True)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The secret's ARN."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """Description, key, name and tags; the value is nobody's to show."""
        described: dict[str, Any] = request.call(_SERVICE, "describe_secret", SecretId=request.physical_id)
        return {**described, "Tags": tags(described.get("Tags"))}


class ResourcePolicy(Provisioner):
    """The policy of a secret."""

    schema = Schema(
        type="AWS::SecretsManager::ResourcePolicy",
        properties=frozenset({"BlockPublicPolicy", "ResourcePolicy", "SecretId"}),
        create_only=frozenset({"SecretId"}),
        attributes=frozenset({"Id"}),
        unread=frozenset({"BlockPublicPolicy"}),
    )

    def create(self, request: Request) -> str:
        """Put the policy."""
        secret, policy = required(request, "SecretId"), text(required(request, "ResourcePolicy"))
        more = request.some("BlockPublicPolicy")
        return str(request.call(_SERVICE, "put_resource_policy", SecretId=secret, ResourcePolicy=policy, **more)["ARN"])

    def update(self, request: Request) -> None:
        """Put the new policy."""
        self.create(request)

    def delete(self, request: Request) -> None:
        """Delete the policy; the secret stays."""
        request.call(_SERVICE, "delete_resource_policy", SecretId=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The secret's ARN."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The policy and whose it is."""
        found = request.call(_SERVICE, "get_resource_policy", SecretId=request.physical_id)
        return {"ResourcePolicy": found["ResourcePolicy"], "SecretId": found["ARN"]}


def _value(request: Request) -> str:
    if "SecretString" in request.properties and "GenerateSecretString" in request.properties:
        raise ResourceFailed("You can't specify both SecretString and GenerateSecretString.")
    if "SecretString" in request.properties:
        return str(request.properties["SecretString"])
    wanted = dict(request.properties.get("GenerateSecretString") or {})
    frame = {name: wanted.pop(name) for name in _GENERATED if name in wanted}
    password = str(request.call(_SERVICE, "get_random_password", **wanted)["RandomPassword"])
    if len(frame) < len(_GENERATED):
        return password
    try:
        return json.dumps({**json.loads(frame["SecretStringTemplate"]), frame["GenerateStringKey"]: password})
    except ValueError as error:
        raise ResourceFailed("Could not parse SecretStringTemplate JSON.") from error


TYPES = (ResourcePolicy(), Secret())
