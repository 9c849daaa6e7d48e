"""AWS::KMS: keys and aliases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags, truth

_CREATION = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")


class Key(Provisioner):
    """A key. Deleting it schedules its deletion, as AWS does."""

    schema = Schema(
        type="AWS::KMS::Key",
        properties=frozenset(
            {
                "Description",
                "EnableKeyRotation",
                "Enabled",
                "KeyPolicy",
                "KeySpec",
                "KeyUsage",
                "MultiRegion",
                "Origin",
                "PendingWindowInDays",
                "RotationPeriodInDays",
                "Tags",
            }
        ),
        fixed=frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"}),
        attributes=frozenset({"Arn", "KeyId"}),
        unread=frozenset({"PendingWindowInDays"}),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the key with its policy and tags."""
        policy = {"Policy": json.dumps(request.properties["KeyPolicy"])} if "KeyPolicy" in request.properties else {}
        labels = _tags(tags(request.properties.get("Tags")))
        made = request.call("kms", "create_key", **request.some(*_CREATION), **policy, Tags=labels)
        return str(made["KeyMetadata"]["KeyId"])

    def complete(self, request: Request) -> None:
        """Set rotation and whether it is enabled."""
        self._switch(request)

    def update(self, request: Request) -> None:
        """Change policy, description, tags, rotation and whether it is enabled."""
        if request.changed("KeyPolicy"):
            policy = json.dumps(required(request, "KeyPolicy"))
            request.call("kms", "put_key_policy", KeyId=request.physical_id, PolicyName="default", Policy=policy)
        if request.changed("Description"):
            description = request.properties.get("Description", "")
            request.call("kms", "update_key_description", KeyId=request.physical_id, Description=description)
        request.retag("kms", form=_tags, KeyId=request.physical_id)
        self._switch(request)

    def delete(self, request: Request) -> None:
        """Schedule the key's deletion."""
        days = request.properties.get("PendingWindowInDays", 30)
        request.call("kms", "schedule_key_deletion", KeyId=request.physical_id, PendingWindowInDays=days)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The key's ARN and id."""
        return {"Arn": request.arn("kms", f"key/{request.physical_id}"), "KeyId": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The key with its policy, rotation and tags."""
        key = {"KeyId": request.physical_id}
        made = request.call("kms", "describe_key", **key)["KeyMetadata"]
        rotation = request.call("kms", "get_key_rotation_status", **key)
        policy = request.call("kms", "get_key_policy", **key, PolicyName="default")["Policy"]
        labels = request.call("kms", "list_resource_tags", **key)["Tags"]
        return {
            **made,
            "EnableKeyRotation": rotation["KeyRotationEnabled"],
            "RotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "KeyPolicy": policy,
            "Tags": {label["TagKey"]: label["TagValue"] for label in labels},
        }

    def _switch(self, request: Request) -> None:
        key = request.physical_id
        if request.changed("Enabled"):
            enabled = truth(request.properties.get("Enabled", True))
            request.call("kms", "enable_key" if enabled else "disable_key", KeyId=key)
        if not request.changed("EnableKeyRotation", "RotationPeriodInDays"):
            return
        if truth(request.properties.get("EnableKeyRotation", False)):
            request.call("kms", "enable_key_rotation", KeyId=key, **request.some("RotationPeriodInDays"))
        else:
            request.call("kms", "disable_key_rotation", KeyId=key)


class Alias(Provisioner):
    """An alias of a key."""

    schema = Schema(
        type="AWS::KMS::Alias",
        properties=frozenset({"AliasName", "TargetKeyId"}),
        create_only=frozenset({"AliasName"}),
        name="AliasName",
    )

    def create(self, request: Request) -> str:
        """Create the alias."""
        request.call("kms", "create_alias", **request.properties)
        return str(request.properties["AliasName"])

    def update(self, request: Request) -> None:
        """Point the alias at another key."""
        request.call("kms", "update_alias", **request.properties)

    def delete(self, request: Request) -> None:
        """Delete the alias; its key stays."""
        request.call("kms", "delete_alias", AliasName=request.physical_id)

    def read(self, request: Request) -> dict[str, Any]:
        """The alias and whose it is, in the form in which the template names the key."""
        key = request.call("kms", "describe_key", KeyId=request.physical_id)["KeyMetadata"]
        wanted = str(request.properties.get("TargetKeyId"))
        return {"AliasName": request.physical_id, "TargetKeyId": key["Arn"] if ":" in wanted else key["KeyId"]}


def _tags(by_key: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in by_key.items()]


TYPES = (Key(), Alias())
