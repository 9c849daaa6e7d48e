"""AWS::Logs: log groups."""

from __future__ import annotations

from typing import Any

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, tags


class LogGroup(Provisioner):
    """A log group with its retention."""

    schema = Schema(
        type="AWS::Logs::LogGroup",
        properties=frozenset({"KmsKeyId", "LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"}),
        create_only=frozenset({"LogGroupName"}),
        fixed=frozenset({"LogGroupClass"}),
        attributes=frozenset({"Arn"}),
        name="LogGroupName",
        naming=Naming(limit=512),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the group."""
        settings = request.some("KmsKeyId", "LogGroupClass")
        if "Tags" in request.properties:
            settings["Tags"] = tags(request.properties["Tags"])
        request.call("logs", "create_log_group", LogGroupName=request.name, **settings)
        return request.name

    def complete(self, request: Request) -> None:
        """Set the retention."""
        self._retain(request)

    def update(self, request: Request) -> None:
        """Change retention, key and tags."""
        group = {"LogGroupName": request.physical_id}
        if request.changed("KmsKeyId"):
            key = request.some("KmsKeyId")
            request.call("logs", "associate_kms_key" if key else "disassociate_kms_key", **group, **key)
        request.retag("logs", form=dict, ResourceArn=self._arn(request))
        self._retain(request)

    def delete(self, request: Request) -> None:
        """Delete the group with its streams."""
        request.call("logs", "delete_log_group", LogGroupName=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The group's ARN, which ends in `:*`."""
        return {"Arn": f"{self._arn(request)}:*"}

    def read(self, request: Request) -> dict[str, Any]:
        """The group with its tags."""
        listed = request.call("logs", "describe_log_groups", LogGroupNamePrefix=request.physical_id)["logGroups"]
        mine = [group for group in listed if group["logGroupName"] == request.physical_id]
        labels = request.call("logs", "list_tags_for_resource", ResourceArn=self._arn(request))["tags"]
        return {**{name[0].upper() + name[1:]: value for name, value in mine[0].items()}, "Tags": labels}

    def _arn(self, request: Request) -> str:
        return request.arn("logs", f"log-group:{request.physical_id}")

    def _retain(self, request: Request) -> None:
        if not request.changed("RetentionInDays"):
            return
        group, retention = {"LogGroupName": request.physical_id}, request.some("RetentionInDays")
        method = "put_retention_policy" if retention else "delete_retention_policy"
        request.call("logs", method, **group, **retention)


TYPES = (LogGroup(),)
