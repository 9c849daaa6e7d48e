"""AWS::DynamoDB: tables."""

from __future__ import annotations

from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags, text, truth

_CREATION: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "Tags",
)
_UPDATE: Final = (
    "BillingMode",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
)
_RENAMED: Final = ("SSESpecification", "StreamSpecification")


class Table(Provisioner):
    """A table. Its data outlives every update in place."""

    schema = Schema(
        type="AWS::DynamoDB::Table",
        properties=frozenset(
            {
                *_CREATION,
                *_RENAMED,
                "PointInTimeRecoverySpecification",
                "ResourcePolicy",
                "TableName",
                "TimeToLiveSpecification",
            }
        ),
        create_only=frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"}),
        attributes=frozenset({"Arn", "StreamArn"}),
        changing=frozenset({"StreamArn"}),
        name="TableName",
        naming=Naming(limit=255),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the table."""
        required(request, "KeySchema")
        settings = request.some(*_CREATION) | _encryption(request) | _stream(request)
        request.call("dynamodb", "create_table", TableName=request.name, **settings)
        return request.name

    def complete(self, request: Request) -> None:
        """Switch point-in-time recovery and time to live and put the policy, once the table is active."""
        self.wait(request)
        self._keep(request)

    def update(self, request: Request) -> None:
        """Change throughput, indexes, stream, encryption, recovery, time to live, policy and tags where they differ."""
        settings = {name: value for name, value in request.some(*_UPDATE).items() if request.changed(name)}
        if "DeletionProtectionEnabled" in request.before and "DeletionProtectionEnabled" not in request.properties:
            settings["DeletionProtectionEnabled"] = False
        if request.changed("SSESpecification"):
            settings |= _encryption(request)
        if settings:
            request.call("dynamodb", "update_table", TableName=request.name, **settings)
            self.wait(request)
        self._stream(request)
        self._index(request)
        self._keep(request)
        request.retag("dynamodb", ResourceArn=request.arn("dynamodb", f"table/{request.name}"))

    def wait(self, request: Request) -> None:
        """Wait until the table is active."""
        request.wait_until(lambda: self._describe(request)["TableStatus"] == "ACTIVE")

    def delete(self, request: Request) -> None:
        """Delete the table and wait until it is gone."""
        request.call("dynamodb", "delete_table", TableName=request.physical_id)
        request.wait_until(lambda: not request.found("dynamodb", "describe_table", TableName=request.name))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The table's ARN and that of its stream, if it has one."""
        table = self._describe(request)
        stream = table.get("LatestStreamArn")
        return {"Arn": table["TableArn"], **({"StreamArn": stream} if stream else {})}

    def read(self, request: Request) -> dict[str, Any]:
        """The table with what is asked for apart: recovery, time to live, policy and tags."""
        place, table = {"TableName": request.name}, self._describe(request)
        arn = {"ResourceArn": table["TableArn"]}
        backups = request.call("dynamodb", "describe_continuous_backups", **place)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        living = request.call("dynamodb", "describe_time_to_live", **place)["TimeToLiveDescription"]
        policy = request.told("dynamodb", "get_resource_policy", **arn).get("Policy")
        return {
            **table,
            **_as_declared(table),
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery},
            "TimeToLiveSpecification": {**living, "Enabled": living["TimeToLiveStatus"] in ("ENABLED", "ENABLING")},
            "Tags": tags(request.call("dynamodb", "list_tags_of_resource", **arn)["Tags"]),
            **({"ResourcePolicy": {"PolicyDocument": policy}} if policy else {}),
        }

    def _describe(self, request: Request) -> dict[str, Any]:
        described: dict[str, Any] = request.call("dynamodb", "describe_table", TableName=request.name)["Table"]
        return described

    def _stream(self, request: Request) -> None:
        if not request.changed("StreamSpecification"):
            return
        # A stream keeps its view: another one is another stream.
        if "StreamSpecification" in request.before:
            off = {"StreamEnabled": False}
            request.call("dynamodb", "update_table", TableName=request.name, StreamSpecification=off)
            self.wait(request)
        if "StreamSpecification" in request.properties:
            request.call("dynamodb", "update_table", TableName=request.name, **_stream(request))
            self.wait(request)

    def _index(self, request: Request) -> None:
        if not request.changed("GlobalSecondaryIndexes"):
            return
        wanted = {index["IndexName"]: index for index in request.properties.get("GlobalSecondaryIndexes", [])}
        had = {index["IndexName"]: index for index in request.before.get("GlobalSecondaryIndexes", [])}
        stale = [name for name in had if had[name] != wanted.get(name)]
        fresh = [name for name in wanted if wanted[name] != had.get(name)]
        changes = [{"Delete": {"IndexName": name}} for name in stale] + [{"Create": wanted[name]} for name in fresh]
        for change in changes:
            # DynamoDB takes one index at a time, and the attributes of them all.
            definitions = request.some("AttributeDefinitions")
            request.call(
                "dynamodb",
                "update_table",
                TableName=request.name,
                GlobalSecondaryIndexUpdates=[change],
                **definitions,
            )
            self.wait(request)

    def _keep(self, request: Request) -> None:
        if request.changed("PointInTimeRecoverySpecification"):
            recovery = request.properties.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
            request.call(
                "dynamodb",
                "update_continuous_backups",
                TableName=request.name,
                PointInTimeRecoverySpecification=recovery,
            )
        if request.changed("TimeToLiveSpecification"):
            off = {**request.before.get("TimeToLiveSpecification", {}), "Enabled": False}
            living = request.properties.get("TimeToLiveSpecification", off)
            request.call("dynamodb", "update_time_to_live", TableName=request.name, TimeToLiveSpecification=living)
        if request.changed("ResourcePolicy"):
            self._permit(request)

    def _permit(self, request: Request) -> None:
        table = {"ResourceArn": request.arn("dynamodb", f"table/{request.name}")}
        if "ResourcePolicy" in request.properties:
            policy = text(request.properties["ResourcePolicy"]["PolicyDocument"])
            request.call("dynamodb", "put_resource_policy", **table, Policy=policy)
        else:
            request.drop("dynamodb", "delete_resource_policy", **table)


def _as_declared(table: dict[str, Any]) -> dict[str, Any]:
    made = {
        "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "TableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
    }
    encryption = table.get("SSEDescription")
    if encryption:
        enabled = encryption["Status"] in ("ENABLED", "ENABLING")
        made["SSESpecification"] = {**encryption, "SSEEnabled": enabled}
        made["SSESpecification"]["KMSMasterKeyId"] = encryption.get("KMSMasterKeyArn")
    return made


def _encryption(request: Request) -> dict[str, Any]:
    encryption = request.properties.get("SSESpecification")
    if encryption is None:
        return {"SSESpecification": {"Enabled": False}} if "SSESpecification" in request.before else {}
    others = {name: value for name, value in encryption.items() if name != "SSEEnabled"}
    return {"SSESpecification": {"Enabled": truth(encryption.get("SSEEnabled")), **others}}


def _stream(request: Request) -> dict[str, Any]:
    stream = request.properties.get("StreamSpecification")
    return {"StreamSpecification": {"StreamEnabled": True, **stream}} if stream is not None else {}


TYPES = (Table(),)
