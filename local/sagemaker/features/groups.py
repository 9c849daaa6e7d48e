"""Feature groups and what is noted of their features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local import paging
from local.errors import AwsError, UnsupportedLocally, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import S3Error
from local.sagemaker.features.kinds import FEATURE, FEATURE_GROUP
from local.sagemaker.features.offline import OfflineStore
from local.sagemaker.features.online import OnlineStore
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record
from local.sagemaker.s3 import split
from local.wire import Call

Params = dict[str, Any]

_RESERVED: Final = ("is_deleted", "write_time", "api_invocation_time")
_SHOWN: Final = 2500


class FeatureGroups:
    """The operations of SageMaker on feature groups; the records are the runtime's."""

    def __init__(self, context: Context, *, online: OnlineStore, offline: OfflineStore) -> None:
        self._services, self._store, self._machine = context.services, context.store, context.machine
        self._online, self._offline = online, offline

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreateFeatureGroup": self.create,
            "DescribeFeatureGroup": self.describe,
            "UpdateFeatureGroup": self.update,
            "DeleteFeatureGroup": self.delete,
            "ListFeatureGroups": self.list_groups,
            "DescribeFeatureMetadata": self.describe_feature,
            "UpdateFeatureMetadata": self.update_feature,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Make a group with its stores. Raises ValidationError; a bucket that is not there makes it CreateFailed."""
        _check(params)
        if "RoleArn" in params:
            self._machine.require_role(params["RoleArn"])
        name = params["FeatureGroupName"]
        with self._store.together():
            group = self._store.add(FEATURE_GROUP, name, {**params, "FeatureGroupStatus": "Creating"})
            self._add_features(group, params["FeatureDefinitions"])
        return self._finish(group)

    def resume(self) -> None:
        """Finish the groups that the process before was creating."""
        for group in self._store.all(FEATURE_GROUP):
            if group["FeatureGroupStatus"] == "Creating":
                self._finish(group)

    def describe(self, params: Params, _: Call) -> Params:
        """A group; its features in pages of 2500."""
        group = self._store.get(FEATURE_GROUP, params["FeatureGroupName"])
        shown, following = paging.page(
            group["FeatureDefinitions"], size=_SHOWN, token=params.get("NextToken"), code="ValidationException"
        )
        size = self._online.size_bytes(group["FeatureGroupArn"])
        # The model demands a token of every answer: an empty one is the last.
        return {**group, "FeatureDefinitions": shown, "NextToken": following or "", "OnlineStoreTotalSizeBytes": size}

    def update(self, params: Params, _: Call) -> Params:
        """Add features, or change how long records live and what they cost."""
        added = params.get("FeatureAdditions", [])

        def change(group: Record) -> Mapping[str, Any]:
            members: Params = {"LastUpdateStatus": {"Status": "Successful"}}
            for name in ("OnlineStoreConfig", "ThroughputConfig"):
                if name in params:
                    members[name] = {**group.get(name, {}), **params[name]}
            definitions = [*group["FeatureDefinitions"], *added]
            _require_unique(definitions)
            return {**members, "FeatureDefinitions": definitions}

        with self._store.together():
            group = self._store.edit(FEATURE_GROUP, params["FeatureGroupName"], change)
            self._add_features(group, added)
        return group

    def delete(self, params: Params, _: Call) -> Params:
        """Delete a group with its online records; what is in S3 stays."""
        self._offline.flush()
        with self._store.together():
            group = self._store.remove(FEATURE_GROUP, params["FeatureGroupName"])
            for definition in group["FeatureDefinitions"]:
                self._store.remove(FEATURE, _feature_arn(group, definition["FeatureName"]))
        self._online.clear(group["FeatureGroupArn"])
        return {}

    def list_groups(self, params: Params, call: Call) -> Params:
        """Groups by name, status and time."""
        rows = [{**group, "_OfflineStatus": _offline_status(group)} for group in self._store.all(FEATURE_GROUP)]
        status = params.pop("OfflineStoreStatusEquals", None)
        found = [row for row in rows if status in (None, row["_OfflineStatus"])]
        if params.get("SortBy") == "OfflineStoreStatus":
            params["SortBy"] = "_OfflineStatus"
        return listed(call.operation, params, found, kind=FEATURE_GROUP)

    def describe_feature(self, params: Params, _: Call) -> Params:
        """What is noted of a feature."""
        feature = self._feature(params)
        return {**feature, "Parameters": [{"Key": k, "Value": v} for k, v in feature["Notes"].items()]}

    def update_feature(self, params: Params, _: Call) -> Params:
        """Change a feature's description, add and remove its parameters."""
        feature, gone = self._feature(params), params.get("ParameterRemovals", [])
        added = {entry["Key"]: entry["Value"] for entry in params.get("ParameterAdditions", [])}

        def change(record: Record) -> Mapping[str, Any]:
            notes = {key: value for key, value in {**record["Notes"], **added}.items() if key not in gone}
            description = params.get("Description", record.get("Description"))
            return {"Notes": notes, "Description": description}

        return self._store.edit(FEATURE, feature["FeatureArn"], change)

    def _feature(self, params: Params) -> Record:
        group = self._store.get(FEATURE_GROUP, params["FeatureGroupName"])
        try:
            return self._store.get(FEATURE, _feature_arn(group, params["FeatureName"]))
        except AwsError as error:
            raise FEATURE.not_found(name=params["FeatureName"], arn="") from error

    def _add_features(self, group: Record, definitions: list[Record]) -> None:
        for definition in definitions:
            name = definition["FeatureName"]
            shown = {key: group[key] for key in ("FeatureGroupName", "FeatureGroupArn")}
            members = {**shown, **definition, "Notes": {}}
            arn = _feature_arn(group, name)
            self._store.add(FEATURE, f"{group['FeatureGroupName']}/{name}", members, arn=arn)

    def _finish(self, group: Record) -> Record:
        offline = self._offline_members(group) if "OfflineStoreConfig" in group else {}
        return self._store.change(
            FEATURE_GROUP, group["FeatureGroupArn"], **{"FeatureGroupStatus": "Created", **offline}
        )

    def _offline_members(self, group: Record) -> Params:
        config, services = group["OfflineStoreConfig"], self._services
        storage = config["S3StorageConfig"]
        named = f"{group['FeatureGroupName']}-{int(group['CreationTime'].timestamp())}"
        folder = f"{services.account}/sagemaker/{services.region}/offline-store/{named}/data"
        storage = {**storage, "ResolvedOutputS3Uri": f"{storage['S3Uri'].rstrip('/')}/{folder}"}
        members: Params = {
            "OfflineStoreConfig": {**config, "S3StorageConfig": storage},
            "OfflineStoreStatus": {"Status": "Active"},
        }
        try:
            self._offline.require(storage["S3Uri"], role_arn=group["RoleArn"])
        except S3Error as error:
            members |= {"FeatureGroupStatus": "CreateFailed", "FailureReason": str(error)}
        return members


def _check(params: Params) -> None:
    definitions = {definition["FeatureName"]: definition for definition in params["FeatureDefinitions"]}
    _require_unique(params["FeatureDefinitions"])
    for member in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if params[member] not in definitions:
            raise ValidationError(f"{member} {params[member]} is not one of the FeatureDefinitions.")
    if definitions[params["EventTimeFeatureName"]]["FeatureType"] == "Integral":
        raise ValidationError("The event time feature must be of type String or Fractional.")
    online = params.get("OnlineStoreConfig", {}).get("EnableOnlineStore", False)
    if not online and "OfflineStoreConfig" not in params:
        raise ValidationError("A feature group needs an online store, an offline store, or both.")
    if "OfflineStoreConfig" in params:
        _check_offline(params)


def _check_offline(params: Params) -> None:
    config = params["OfflineStoreConfig"]
    if "RoleArn" not in params:
        raise ValidationError("RoleArn is required when OfflineStoreConfig is given.")
    if config.get("TableFormat") == "Iceberg":
        raise UnsupportedLocally("TableFormat Iceberg of offline stores", reason="it writes Parquet files")
    if any("CollectionType" in definition for definition in params["FeatureDefinitions"]):
        raise UnsupportedLocally("collections in offline stores", reason="they are kept in online stores alone")
    try:
        split(config["S3StorageConfig"]["S3Uri"])
    except S3Error as error:
        raise ValidationError(str(error)) from error


def _require_unique(definitions: list[Record]) -> None:
    names = [definition["FeatureName"] for definition in definitions]
    for name in names:
        if name.lower() in _RESERVED:
            raise ValidationError(f"The feature name {name} is reserved.")
        if names.count(name) > 1:
            raise ValidationError(f"The feature name {name} is given more than once.")


def _feature_arn(group: Record, name: str) -> str:
    return f"{group['FeatureGroupArn']}/feature/{name}"


def _offline_status(group: Record) -> str:
    return str(group.get("OfflineStoreStatus", {}).get("Status", "Disabled"))
