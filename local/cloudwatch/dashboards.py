"""Dashboards: kept as they are put, for whoever shows them."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from dataclasses import dataclass
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
    """A dashboard's body, JSON text, and when it was put."""

    body: str
    at: datetime


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
        self._kept[params["DashboardName"]] = Dashboard(body, self._services.clock.now())
        return {"DashboardValidationMessages": []}

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
