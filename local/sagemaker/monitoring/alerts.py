"""The alert of a monitoring schedule: so many of its last executions with violations set it off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from local.errors import ValidationError
from local.sagemaker.monitoring.executions import UNDER_WAY
from local.sagemaker.resources import Record

Params = dict[str, Any]

NAME: Final = "default"
"""AWS makes an alert with each schedule and does not document its name: this one is ours."""
_LIMITS: Final = ("DatapointsToAlert", "EvaluationPeriod")
_KEPT_CHANGES: Final = 100


def summary(schedule: Record) -> Params:
    """What ListMonitoringAlerts tells."""
    changes = schedule.get("AlertChanges", [])
    return {
        "MonitoringAlertName": NAME,
        "CreationTime": schedule["CreationTime"],
        "LastModifiedTime": schedule["LastModifiedTime"],
        "AlertStatus": changes[-1]["AlertStatus"] if changes else "OK",
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
        "Actions": {"ModelDashboardIndicator": {"Enabled": False}},
        **schedule.get("Alert", {}),
    }


def changed(schedule: Record, params: Params) -> Mapping[str, Any]:
    """The members of a schedule whose alert shall have other limits. Raises ValidationError."""
    if params["DatapointsToAlert"] > params["EvaluationPeriod"]:
        raise ValidationError("DatapointsToAlert cannot be larger than EvaluationPeriod.")
    limits = {key: params[key] for key in _LIMITS}
    return {"Alert": limits, "LastModifiedTime": schedule["LastModifiedTime"]}


def judged(schedule: Record, executions: Sequence[Record], *, at: datetime) -> Mapping[str, Any]:
    """The members of a schedule after one of its executions has ended; executions in order of creation."""
    alert, ended = summary(schedule), [e for e in executions if e["MonitoringExecutionStatus"] not in UNDER_WAY]
    last = ended[-alert["EvaluationPeriod"] :]
    bad = sum(execution["MonitoringExecutionStatus"] == "CompletedWithViolations" for execution in last)
    status = "InAlert" if bad >= alert["DatapointsToAlert"] else "OK"
    kept = {"LastModifiedTime": schedule["LastModifiedTime"]}
    if status == alert["AlertStatus"]:
        return kept
    change = {"CreationTime": at, "AlertStatus": status}
    return {**kept, "AlertChanges": [*schedule.get("AlertChanges", []), change][-_KEPT_CHANGES:]}


def history(schedules: Sequence[Record]) -> Iterator[Params]:
    """What ListMonitoringAlertHistory tells, in order of schedules and time."""
    for schedule in schedules:
        for change in schedule.get("AlertChanges", []):
            yield {
                "MonitoringScheduleName": schedule["MonitoringScheduleName"],
                "MonitoringAlertName": NAME,
                **change,
            }
