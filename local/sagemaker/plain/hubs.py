"""The contents of private hubs, in versions."""

from __future__ import annotations

import re
from typing import Any, Final

from local.front import Handler
from local.sagemaker.creation import made
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import HUB_CONTENT
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record, Store
from local.sagemaker.structural import Kept, Who
from local.sagemaker.views import shown
from local.wire import Call

Params = dict[str, Any]

_FIRST: Final = "1.0.0"


def hubs(store: Store, *, who: Who | None = None) -> dict[str, Handler]:
    """Every operation on the contents of hubs, and on references to contents of other hubs, of which there are none."""
    shelf = _Contents(store, who)
    return {
        "ImportHubContent": Kept(shelf.add),
        "DescribeHubContent": Kept(shelf.describe),
        "UpdateHubContent": Kept(shelf.update),
        "DeleteHubContent": Kept(shelf.delete),
        "ListHubContents": Kept(shelf.page),
        "ListHubContentVersions": Kept(shelf.versions),
        "UpdateHubContentReference": Kept(shelf.no_reference),
        "DeleteHubContentReference": Kept(shelf.no_reference),
    }


class _Contents:
    def __init__(self, store: Store, who: Who | None) -> None:
        self._store, self._who, self._hub = store, who, kinds()["Hub"]

    def add(self, params: Params, call: Call) -> Params:
        by = self._who(call) if self._who else None
        signed = {"CreatedBy": by, "LastModifiedBy": by} if by else {}
        with self._store.together():
            hub = self._store.get(self._hub, params["HubName"])
            named = {"HubContentVersion": _FIRST, **params, "HubName": hub["HubName"], "HubArn": hub["HubArn"]}
            return self._store.add(HUB_CONTENT, _path(named), {**made(HUB_CONTENT, named), **signed})

    def describe(self, params: Params, call: Call) -> Params:
        return shown(call.operation.output_shape, self._one(params), HUB_CONTENT)

    def update(self, params: Params, _: Call) -> Params:
        given = {member: value for member, value in params.items() if member not in HUB_CONTENT.path}
        return self._store.change(HUB_CONTENT, self._one(params)["HubContentArn"], **given)

    def delete(self, params: Params, _: Call) -> Params:
        self._store.remove(HUB_CONTENT, self._one(params)["HubContentArn"])
        return {}

    def page(self, params: Params, call: Call) -> Params:
        newest = {record["HubContentName"]: record for record in sorted(self._of(params), key=_version)}
        return listed(call.operation, params, list(newest.values()), kind=HUB_CONTENT)

    def versions(self, params: Params, call: Call) -> Params:
        lowest = _numbers(params.get("MinVersion", "0.0.0"))
        found = [record for record in self._of(params) if _version(record) >= lowest]
        return listed(call.operation, params, found, kind=HUB_CONTENT)

    def no_reference(self, params: Params, _: Call) -> Params:
        named = _path({**params, "HubName": self._hub_name(params), "HubContentVersion": _FIRST})
        raise HUB_CONTENT.not_found(name=named, arn=self._store.arn(HUB_CONTENT, named))

    def _one(self, params: Params) -> Record:
        """The version that is asked for, else the newest one."""
        found = [record for record in self._of(params) if record["HubContentName"] == params["HubContentName"]]
        if "HubContentVersion" not in params and found:
            return max(found, key=_version)
        return self._store.get(
            HUB_CONTENT, _path({"HubContentVersion": _FIRST, **params, "HubName": self._hub_name(params)})
        )

    def _of(self, params: Params) -> list[Record]:
        hub, kind = self._hub_name(params), params["HubContentType"]
        highest = _numbers(params.get("MaxSchemaVersion", "9999.9999.9999"))
        records = [r for r in self._store.all(HUB_CONTENT) if (r["HubName"], r["HubContentType"]) == (hub, kind)]
        return [record for record in records if _numbers(record["DocumentSchemaVersion"]) <= highest]

    def _hub_name(self, params: Params) -> str:
        return str(self._store.get(self._hub, params["HubName"])["HubName"])


def _path(members: Params) -> str:
    return "/".join(members[member] for member in HUB_CONTENT.path)


def _version(record: Record) -> list[int]:
    return _numbers(record["HubContentVersion"])


def _numbers(version: str) -> list[int]:
    # The model's pattern lets any sign stand between the numbers.
    return [int(number) for number in re.findall(r"\d+", version)]
