"""SageMaker Feature Store Runtime: records in and out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local import paging
from local.errors import AwsError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.features.kinds import FEATURE_GROUP
from local.sagemaker.features.offline import OfflineStore
from local.sagemaker.features.online import Kept, OnlineStore
from local.sagemaker.features.schema import Schema, Value, invalid
from local.wire import Call

Params = dict[str, Any]

_ONLINE, _OFFLINE = "OnlineStore", "OfflineStore"
_PAGE: Final = 100
_UPDATABLE: Final = ("Standard_V2", "InMemory")


class FeatureStore:
    """The operations on records."""

    def __init__(self, context: Context, *, online: OnlineStore, offline: OfflineStore) -> None:
        self._store, self._online, self._offline = context.store, online, offline

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "PutRecord": self.put,
            "GetRecord": self.get,
            "DeleteRecord": self.delete,
            "UpdateRecord": self.update,
            "ListRecords": self.list_records,
            "BatchGetRecord": self.batch_get,
            "BatchWriteRecord": self.batch_write,
        }

    def put(self, params: Params, _: Call) -> Params:
        """Write a record: online when its event time is later than what is there, offline always."""
        schema = self._schema(params)
        targets, values = schema.targets(params.get("TargetStores")), schema.check(params["Record"])
        at, life = schema.moment(values[schema.clock]["ValueAsString"]), schema.life(params.get("TtlDuration"))
        if _ONLINE in targets:
            new = Kept(values, at, _end(at, life))
            self._online.edit(
                schema.arn,
                values[schema.identifier]["ValueAsString"],
                lambda kept: new if kept is None or at > kept.at else None,
            )
        if _OFFLINE in targets:
            self._offline.add(schema, values, at=at)
        return {}

    def get(self, params: Params, _: Call) -> Params:
        """The record with the latest event time; without a Record when there is none."""
        schema = self._schema(params)
        kept = self._kept(schema, params["RecordIdentifierValueAsString"])
        if kept is None:
            return {}
        shown = _shown(schema, kept, params.get("FeatureNames"))
        return {"Record": shown, **_expiry(kept, params.get("ExpirationTimeResponse"))}

    def delete(self, params: Params, _: Call) -> Params:
        """Delete a record that is older than the deletion; a hard one is refused else, a soft one does nothing."""
        schema, identifier = self._schema(params), params["RecordIdentifierValueAsString"]
        targets, at = schema.targets(params.get("TargetStores")), schema.moment(params["EventTime"])
        hard = params.get("DeletionMode") == "HardDelete"
        mark = _mark(schema, identifier, params["EventTime"])

        def change(kept: Kept | None) -> Kept | None:
            late = kept is None or at > kept.at
            if hard and not late:
                raise invalid("EventTime must be later than the event time of the record.")
            return Kept(mark, at, deleted=True) if late else None

        if _ONLINE in targets:
            self._online.edit(schema.arn, identifier, change)
            if hard:
                self._online.drop(schema.arn, identifier)
        if _OFFLINE in targets:
            self._offline.add(schema, mark, at=at, deleted=True)
        return {}

    def update(self, params: Params, _: Call) -> Params:
        """Replace some values of a record. Raises ResourceNotFound, and ConflictException for an earlier event time."""
        schema, identifier = self._schema(params), params["RecordIdentifierValueAsString"]
        if schema.group.get("OnlineStoreConfig", {}).get("StorageType", "Standard") not in _UPDATABLE:
            raise invalid(f"UpdateRecord needs an online store of type {' or '.join(_UPDATABLE)}.")
        targets, given = schema.targets(params.get("TargetStores")), schema.check(params["Features"], whole=False)
        if "TtlDuration" in params and schema.clock not in given:
            raise invalid("TtlDuration needs an event time.")
        written: list[Kept] = []

        def change(kept: Kept | None) -> Kept:
            written.append(self._updated(schema, kept, given, params))
            return written[0]

        self._online.edit(schema.arn, identifier, change)
        if _OFFLINE in targets:
            self._offline.add(schema, written[0].values, at=written[0].at)
        return {}

    def list_records(self, params: Params, _: Call) -> Params:
        """The identifiers of the records that are online."""
        schema = self._schema(params)
        found = self._online.identifiers(schema.arn, deleted=params.get("IncludeSoftDeletedRecords", False))
        size = params.get("MaxResults", _PAGE)
        shown, following = paging.page(found, size=size, token=params.get("NextToken"), code="ValidationError")
        return {"RecordIdentifiers": shown, "NextToken": following}

    def batch_get(self, params: Params, _: Call) -> Params:
        """Records of many groups; what is not there is left out, what is wrong is told by itself."""
        records, errors = [], []
        for asked in params["Identifiers"]:
            for identifier in asked["RecordIdentifiersValueAsString"]:
                named = {"FeatureGroupName": asked["FeatureGroupName"], "RecordIdentifierValueAsString": identifier}
                one = {**named, "ExpirationTimeResponse": params.get("ExpirationTimeResponse")}
                if "FeatureNames" in asked:
                    one["FeatureNames"] = asked["FeatureNames"]
                try:
                    found = self.get(one, _)
                except AwsError as error:
                    errors.append({**named, "ErrorCode": error.code, "ErrorMessage": error.message})
                else:
                    records += [{**named, **found}] if found else []
        return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}

    def batch_write(self, params: Params, call: Call) -> Params:
        """Records of many groups; those that are refused come back with the reason."""
        errors = []
        for entry in params["Entries"]:
            life = entry.get("TtlDuration") or params.get("TtlDuration")
            try:
                self.put({**entry, **({"TtlDuration": life} if life else {})}, call)
            except AwsError as error:
                errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"Errors": errors, "UnprocessedEntries": []}

    def _schema(self, params: Params) -> Schema:
        group = self._store.get(FEATURE_GROUP, params["FeatureGroupName"])
        if group["FeatureGroupStatus"] != "Created":
            raise invalid(f"FeatureGroup {group['FeatureGroupName']} is in status {group['FeatureGroupStatus']}.")
        return Schema(group)

    def _kept(self, schema: Schema, identifier: str) -> Kept | None:
        schema.targets([_ONLINE])
        kept = self._online.get(schema.arn, identifier)
        return None if kept is None or kept.deleted else kept

    def _updated(self, schema: Schema, kept: Kept | None, given: dict[str, Value], params: Params) -> Kept:
        identifier = params["RecordIdentifierValueAsString"]
        if kept is None or kept.deleted:
            raise AwsError("ResourceNotFound", f"Resource Not Found: there is no record {identifier}.")
        if given.get(schema.identifier, {}).get("ValueAsString", identifier) != identifier:
            raise invalid("The record identifier cannot be updated.")
        at = schema.moment(given[schema.clock]["ValueAsString"]) if schema.clock in given else kept.at
        if at < kept.at:
            raise AwsError("ConflictException", f"The record {identifier} has a later event time.")
        expires = _end(at, schema.life(params["TtlDuration"])) if "TtlDuration" in params else kept.expires
        return Kept({**kept.values, **given}, at, expires)


def _shown(schema: Schema, kept: Kept, names: list[str] | None) -> list[Value]:
    unknown = [name for name in names or () if name not in schema.definitions]
    if unknown:
        raise invalid(f"FeatureNames contains a feature that is not defined: {unknown[0]}.")
    return [kept.values[name] for name in schema.definitions if name in kept.values and name in (names or kept.values)]


def _mark(schema: Schema, identifier: str, event_time: str) -> dict[str, Value]:
    texts = {schema.identifier: identifier, schema.clock: event_time}
    return {name: {"FeatureName": name, "ValueAsString": text} for name, text in texts.items()}


def _end(at: datetime, life: timedelta | None) -> datetime | None:
    return at + life if life is not None else None


def _expiry(kept: Kept, asked: str | None) -> Params:
    if asked != "Enabled" or kept.expires is None:
        return {}
    return {"ExpiresAt": f"{kept.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
