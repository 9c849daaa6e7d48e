"""Dashboards: kept as they are put, for whoever shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError
from local.front import Handler
from local.paging import page
from local.services import Services
from local.wire import Call

_PAGE: Final = 1000

Params = dict[str, Any]


@dataclass(frozen=True)
class Dashboard:
    """A dashboard's body, JSON text, when it was put, and its tags."""

    body: str
    at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


class Dashboards:
    """The handlers on dashboards."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: MutableMapping[str, Dashboard] = services.state.table("cloudwatch.dashboards")

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "DeleteDashboards": self._delete_dashboards,
            "GetDashboard": self._get_dashboard,
            "ListDashboards": self._list_dashboards,
            "PutDashboard": self._put_dashboard,
        }

    def _put_dashboard(self, params: Params, _: Call) -> Params:
        body = params["DashboardBody"]
        try:
            json.loads(body)
        except ValueError as error:
            message = "The field DashboardBody must be a valid JSON object"
            raise AwsError("InvalidParameterInput", message) from error
        name, before = params["DashboardName"], self._kept.get(params["DashboardName"])
        # Tags are taken when the dashboard is new ("PutDashboard").
        tags = before.tags if before else {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        self._kept[name] = Dashboard(body, self._services.clock.now(), tags)
        return {"DashboardValidationMessages": []}

    def tagging(self, alarms: Mapping[str, Handler]) -> dict[str, Handler]:
        """The operations on tags: of dashboards here, else as `alarms` have them."""
        own: dict[str, Callable[[str, Params], Params]] = {
            "ListTagsForResource": self._list_tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

        def either(name: str) -> Handler:
            def handle(params: Params, call: Call) -> Any:
                _, mark, dashboard = params["ResourceARN"].partition(":dashboard/")
                return own[name](dashboard, params) if mark else alarms[name](params, call)

            return handle

        return {name: either(name) for name in own}

    def _list_tags(self, name: str, _: Params) -> Params:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._found(name).tags.items()]}

    def _tag(self, name: str, params: Params) -> Params:
        given = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        kept = self._found(name)
        self._kept[name] = replace(kept, tags={**kept.tags, **given})
        return {}

    def _untag(self, name: str, params: Params) -> Params:
        kept = self._found(name)
        tags = {key: value for key, value in kept.tags.items() if key not in params["TagKeys"]}
        self._kept[name] = replace(kept, tags=tags)
        return {}

    def _get_dashboard(self, params: Params, _: Call) -> Params:
        name = params["DashboardName"]
        return {"DashboardName": name, "DashboardArn": self._arn(name), "DashboardBody": self._found(name).body}

    def _list_dashboards(self, params: Params, _: Call) -> Params:
        prefix = params.get("DashboardNamePrefix", "")
        entries = [
            {
                "DashboardName": name,
                "DashboardArn": self._arn(name),
                "LastModified": kept.at,
                "Size": len(kept.body.encode()),
            }
            for name, kept in sorted(self._kept.items())
            if name.startswith(prefix)
        ]
        found, following = page(entries, size=_PAGE, token=params.get("NextToken"), code="InvalidParameterValue")
        return {"DashboardEntries": found, "NextToken": following}

    def _delete_dashboards(self, params: Params, _: Call) -> Params:
        names = params["DashboardNames"]
        for name in names:
            self._found(name)
        for name in names:
            del self._kept[name]
        return {}

    def _found(self, name: str) -> Dashboard:
        if name not in self._kept:
            raise AwsError("ResourceNotFound", f"Dashboard {name} does not exist", status=404)
        return self._kept[name]

    def _arn(self, name: str) -> str:
        return f"arn:aws:cloudwatch::{self._services.account}:dashboard/{name}"
