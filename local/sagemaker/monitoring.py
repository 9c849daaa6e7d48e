"""Monitoring schedules and their alerts, kept and shown; nothing runs on them yet, so they have no executions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import listed, page
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

SCHEDULE: Final = Kind(
    "MonitoringSchedule",
    "monitoring-schedule",
    missing="Monitoring Schedule {arn} not found.",
    exists="Monitoring Schedule already exists: {arn}",
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
)

_HOURS: Final = r"([01]?\d|2[0-3])"
_CRON: Final = re.compile(rf"cron\(0 (\*|{_HOURS}(/([01]?\d|2[0-4]))?) \? \* \* \*\)")
_ALERT: Final = "default"
"""AWS makes an alert with each schedule and does not document its name: this one is ours."""


class Monitoring:
    """The operations on schedules, executions and alerts; job definitions are made from the model."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreateMonitoringSchedule": self.create,
            "DescribeMonitoringSchedule": lambda params, _: self._store.get(SCHEDULE, params["MonitoringScheduleName"]),
            "UpdateMonitoringSchedule": self.update,
            "DeleteMonitoringSchedule": self.delete,
            "ListMonitoringSchedules": self.list_schedules,
            "StartMonitoringSchedule": lambda params, _: self._turn(params, "Scheduled"),
            "StopMonitoringSchedule": lambda params, _: self._turn(params, "Stopped"),
            "ListMonitoringExecutions": self.list_executions,
            "ListMonitoringAlerts": self.list_alerts,
            "ListMonitoringAlertHistory": self.list_history,
            "UpdateMonitoringAlert": self.update_alert,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Keep a schedule. Raises ValidationError for one that cannot be, ResourceNotFound without its definition."""
        shown = self._shown(params["MonitoringScheduleConfig"])
        members = {**params, **shown, "MonitoringScheduleStatus": "Scheduled"}
        return self._store.add(SCHEDULE, params["MonitoringScheduleName"], members)

    def update(self, params: Params, _: Call) -> Params:
        """Replace the configuration of a schedule."""
        config = params["MonitoringScheduleConfig"]
        shown = self._shown(config)
        return self._store.change(SCHEDULE, params["MonitoringScheduleName"], MonitoringScheduleConfig=config, **shown)

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a schedule and its alert."""
        self._store.remove(SCHEDULE, params["MonitoringScheduleName"])
        return {}

    def list_schedules(self, params: Params, call: Call) -> Params:
        """Schedules by endpoint, definition, type, status, name and time."""
        return listed(call.operation, params, self._store.all(SCHEDULE), kind=SCHEDULE)

    def list_executions(self, params: Params, call: Call) -> Params:
        """None: no schedule runs here yet."""
        if "MonitoringScheduleName" in params:
            self._store.get(SCHEDULE, params["MonitoringScheduleName"])
        return page(call.operation, params, [])

    def list_alerts(self, params: Params, call: Call) -> Params:
        """The one alert of a schedule, which nothing has set off."""
        schedule = self._store.get(SCHEDULE, params["MonitoringScheduleName"])
        return page(call.operation, params, [_alert(schedule)])

    def list_history(self, params: Params, call: Call) -> Params:
        """None: no alert has changed its status."""
        if "MonitoringScheduleName" in params:
            self._store.get(SCHEDULE, params["MonitoringScheduleName"])
        return page(call.operation, params, [])

    def update_alert(self, params: Params, _: Call) -> Params:
        """Say how many of how many executions set off an alert. Raises ResourceNotFound, ValidationError."""
        name = params["MonitoringAlertName"]
        if name != _ALERT:
            raise SCHEDULE.not_found(name=name, arn=f"{params['MonitoringScheduleName']} with the alert {name}")
        if params["DatapointsToAlert"] > params["EvaluationPeriod"]:
            raise ValidationError("DatapointsToAlert cannot be larger than EvaluationPeriod.")
        limits = {key: params[key] for key in ("DatapointsToAlert", "EvaluationPeriod")}

        def change(record: Record) -> Mapping[str, Any]:
            at = {"LastModifiedTime": record["LastModifiedTime"]}
            return {"Alert": limits, **at}

        schedule = self._store.edit(SCHEDULE, params["MonitoringScheduleName"], change)
        return {**schedule, "MonitoringAlertName": name}

    def _turn(self, params: Params, status: str) -> Params:
        return self._store.change(SCHEDULE, params["MonitoringScheduleName"], MonitoringScheduleStatus=status)

    def _shown(self, config: Record) -> Params:
        if ("MonitoringJobDefinition" in config) == ("MonitoringJobDefinitionName" in config):
            raise ValidationError(
                "Exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName must be provided."
            )
        _check_times(config.get("ScheduleConfig", {}))
        if "MonitoringJobDefinition" in config:
            inputs = config["MonitoringJobDefinition"]["MonitoringInputs"]
            kind = config.get("MonitoringType", "DataQuality")
            endpoint = inputs[0].get("EndpointInput", {}).get("EndpointName")
        else:
            if "MonitoringType" not in config:
                raise ValidationError("MonitoringType must be provided with MonitoringJobDefinitionName.")
            kind = config["MonitoringType"]
            definition = self._store.get(kinds()[f"{kind}JobDefinition"], config["MonitoringJobDefinitionName"])
            endpoint = definition[f"{kind}JobInput"].get("EndpointInput", {}).get("EndpointName")
        return {"MonitoringType": kind, "EndpointName": endpoint}


def _check_times(schedule: Record) -> None:
    expression = schedule.get("ScheduleExpression")
    if expression is None:
        return
    if expression == "NOW":
        if not schedule.keys() >= {"DataAnalysisStartTime", "DataAnalysisEndTime"}:
            raise ValidationError(
                "DataAnalysisStartTime and DataAnalysisEndTime must be provided for the schedule NOW."
            )
    elif not _CRON.fullmatch(expression):
        raise ValidationError(
            f"ScheduleExpression {expression} is not supported: it must be NOW, cron(0 * ? * * *), "
            "cron(0 [00-23] ? * * *) or cron(0 [00-23]/[01-24] ? * * *)."
        )


def _alert(schedule: Record) -> Params:
    return {
        "MonitoringAlertName": _ALERT,
        "CreationTime": schedule["CreationTime"],
        "LastModifiedTime": schedule["LastModifiedTime"],
        "AlertStatus": "OK",
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
        "Actions": {"ModelDashboardIndicator": {"Enabled": False}},
        **schedule.get("Alert", {}),
    }
