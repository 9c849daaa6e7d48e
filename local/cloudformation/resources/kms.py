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


def _tags(by_key: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in by_key.items()]


TYPES = (Key(), Alias())
