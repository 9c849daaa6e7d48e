"""Monitoring schedules: kept, started and stopped; by their hours each starts an execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.derived import kinds
from local.sagemaker.jobs.life import Jobs
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import listed, ordered, page
from local.sagemaker.monitoring import alerts, hours
from local.sagemaker.monitoring.definition import Definition
from local.sagemaker.monitoring.executions import EXECUTION, UNDER_WAY, Executions
from local.sagemaker.resources import Record
from local.timetable import AlarmClock, timetable
from local.wire import Call

Params = dict[str, Any]
Lateness = Callable[[str, datetime], timedelta]
"""How long after the turn of a schedule of a name its execution starts."""

SCHEDULE: Final = Kind(
    "MonitoringSchedule",
    "monitoring-schedule",
    missing="Monitoring Schedule {arn} not found.",
    exists="Monitoring Schedule already exists: {arn}",
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
)

_STATUS: Final = "MonitoringScheduleStatus"


def punctual(name: str, turn: datetime) -> timedelta:
    """Not late at all; AWS is up to twenty minutes late ("cron expressions for monitoring schedule")."""
    return timedelta()


class Monitoring:
    """The operations on schedules, executions and alerts; job definitions are made from the model."""

    def __init__(self, context: Context, jobs: Jobs, *, late: Lateness = punctual) -> None:
        self._store, self._clock, self._workers = context.store, context.services.clock, context.workers
        self._late = late
        self._executions = Executions(context, jobs, ended=self._ended)
        self._alarm_clock = AlarmClock(self._clock, self._ring)

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreateMonitoringSchedule": self.create,
            "DescribeMonitoringSchedule": self.describe,
            "UpdateMonitoringSchedule": self.update,
            "DeleteMonitoringSchedule": self.delete,
            "ListMonitoringSchedules": self.list_schedules,
            "StartMonitoringSchedule": self.start,
            "StopMonitoringSchedule": self.stop,
            "ListMonitoringExecutions": self.list_executions,
            "ListMonitoringAlerts": self.list_alerts,
            "ListMonitoringAlertHistory": self.list_history,
            "UpdateMonitoringAlert": self.update_alert,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Keep a schedule. Raises ValidationError for one that cannot be, ResourceNotFound without its definition."""
        shown = self._shown(params["MonitoringScheduleConfig"])
        members = {**params, **shown, _STATUS: "Scheduled"}
        schedule = self._store.add(SCHEDULE, params["MonitoringScheduleName"], members)
        self._arm(schedule, begins=True)
        return schedule

    def describe(self, params: Params, _: Call) -> Params:
        """A schedule with its last execution."""
        schedule = self._store.get(SCHEDULE, params["MonitoringScheduleName"])
        last = self._executions.all(schedule["MonitoringScheduleName"])[-1:]
        return {**schedule, **({"LastMonitoringExecutionSummary": last[0]} if last else {})}

    def update(self, params: Params, _: Call) -> Params:
        """Replace the configuration of a schedule."""
        config = params["MonitoringScheduleConfig"]
        shown = self._shown(config)
        schedule = self._edit(params, {"MonitoringScheduleConfig": config, **shown})
        self._arm(schedule, begins=True)
        return schedule

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a schedule and its alert when its executions have ended, and not these: until then it is Pending."""
        name = params["MonitoringScheduleName"]
        self._edit(params, {_STATUS: "Pending"})
        self._alarm_clock.drop(name)
        self._forget_if_idle(name)
        return {}

    def start(self, params: Params, _: Call) -> Params:
        """Run by the hours again."""
        self._arm(self._edit(params, {_STATUS: "Scheduled"}), begins=True)
        return {}

    def stop(self, params: Params, _: Call) -> Params:
        """Run no more; what runs goes on."""
        self._edit(params, {_STATUS: "Stopped"})
        self._alarm_clock.drop(params["MonitoringScheduleName"])
        return {}

    def list_schedules(self, params: Params, call: Call) -> Params:
        """Schedules by endpoint, definition, type, status, name and time."""
        return listed(call.operation, params, self._store.all(SCHEDULE), kind=SCHEDULE)

    def list_executions(self, params: Params, call: Call) -> Params:
        """Executions by schedule, endpoint, definition, type, status and time; also of schedules that are gone."""
        found = self._executions.all()
        named = params.get("MonitoringScheduleName")
        if named is not None and all(record["MonitoringScheduleName"] != named for record in found):
            self._store.get(SCHEDULE, named)
        return listed(call.operation, params, found, kind=EXECUTION)

    def list_alerts(self, params: Params, call: Call) -> Params:
        """The one alert of a schedule."""
        schedule = self._store.get(SCHEDULE, params["MonitoringScheduleName"])
        return page(call.operation, params, [alerts.summary(schedule)])

    def list_history(self, params: Params, call: Call) -> Params:
        """When alerts have changed their status."""
        named = params.get("MonitoringScheduleName")
        found = [self._store.get(SCHEDULE, named)] if named else self._store.all(SCHEDULE)
        changes = [change for change in alerts.history(found) if _keeps(change, params)]
        return page(call.operation, params, ordered(call.operation, params, changes, SCHEDULE))

    def update_alert(self, params: Params, _: Call) -> Params:
        """Say how many of how many executions set off an alert. Raises ResourceNotFound, ValidationError."""
        name = params["MonitoringAlertName"]
        if name != alerts.NAME:
            raise SCHEDULE.not_found(name=name, arn=f"{params['MonitoringScheduleName']} with the alert {name}")
        schedule = self._store.edit(
            SCHEDULE, params["MonitoringScheduleName"], lambda record: alerts.changed(record, params)
        )
        return {**schedule, "MonitoringAlertName": name}

    def resume(self) -> None:
        """Go on with executions; run schedules by their hours from now on."""
        self._executions.resume()
        for schedule in self._store.all(SCHEDULE):
            if schedule[_STATUS] == "Scheduled":
                self._arm(schedule, begins=False)
            elif schedule[_STATUS] == "Pending":
                self._forget_if_idle(schedule["MonitoringScheduleName"])

    def close(self) -> None:
        """Start nothing more; whoever waits for a job looks again."""
        self._alarm_clock.close()
        self._store.wake()

    def _edit(self, params: Params, members: Mapping[str, Any]) -> Record:
        """Change a schedule. Raises ValidationError while it is being deleted."""

        def change(schedule: Record) -> Mapping[str, Any]:
            if schedule[_STATUS] == "Pending":
                raise ValidationError("Monitoring schedule in status Pending")
            return members

        return self._store.edit(SCHEDULE, params["MonitoringScheduleName"], change)

    def _arm(self, schedule: Record, *, begins: bool) -> None:
        """Run a schedule by its hours; one for once as soon as it `begins`."""
        name, status = schedule["MonitoringScheduleName"], schedule[_STATUS]
        expression = schedule["MonitoringScheduleConfig"].get("ScheduleConfig", {}).get("ScheduleExpression")
        self._alarm_clock.drop(name)
        if status != "Scheduled" or expression is None:
            return
        if expression != hours.NOW:
            self._alarm_clock.set(name, timetable(expression, since=self._clock.now()))
        elif begins:
            self._ring(name, self._clock.now())

    def _ring(self, name: str, turn: datetime) -> None:
        late = self._late(name, turn)
        if late:
            self._clock.after(late, lambda: self._begin(name, turn))
        else:
            self._begin(name, turn)

    def _begin(self, name: str, turn: datetime) -> None:
        try:
            schedule = self._store.get(SCHEDULE, name)
            definition = self._definition(schedule["MonitoringScheduleConfig"])
        except AwsError as error:  # it, or its definition, is gone
            self._executions.refuse(name, turn=turn, reason=error.message)
            return
        self._executions.begin(schedule, definition, turn=turn)

    def _ended(self, name: str) -> None:
        """After an execution of a schedule."""
        executions = self._executions.all(name)
        try:
            self._store.edit(SCHEDULE, name, lambda schedule: alerts.judged(schedule, executions, at=self._clock.now()))
        except AwsError:
            return  # the schedule is gone, and its alert with it
        self._forget_if_idle(name)

    def _forget_if_idle(self, name: str) -> None:
        if any(record["MonitoringExecutionStatus"] in UNDER_WAY for record in self._executions.all(name)):
            return
        if self._store.get(SCHEDULE, name)[_STATUS] == "Pending":
            self._store.remove(SCHEDULE, name)

    def _definition(self, config: Record) -> Definition:
        """What a configuration runs. Raises ResourceNotFound, UnsupportedLocally."""
        if "MonitoringJobDefinition" in config:
            return Definition.inline(config.get("MonitoringType", "DataQuality"), config["MonitoringJobDefinition"])
        kind = config["MonitoringType"]
        record = self._store.get(kinds()[f"{kind}JobDefinition"], config["MonitoringJobDefinitionName"])
        return Definition.of(kind, record)

    def _shown(self, config: Record) -> Params:
        if ("MonitoringJobDefinition" in config) == ("MonitoringJobDefinitionName" in config):
            raise ValidationError(
                "Exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName must be provided."
            )
        hours.check(config.get("ScheduleConfig", {}))
        if "MonitoringJobDefinitionName" in config and "MonitoringType" not in config:
            raise ValidationError("MonitoringType must be provided with MonitoringJobDefinitionName.")
        definition = self._definition(config)
        return {"MonitoringType": definition.type, "EndpointName": definition.endpoint.get("EndpointName")}


def _keeps(change: Params, params: Params) -> bool:
    wanted = params.get("StatusEquals", change["AlertStatus"])
    before, after = params.get("CreationTimeBefore"), params.get("CreationTimeAfter")
    at = change["CreationTime"]
    return bool(change["AlertStatus"] == wanted and (not before or at < before) and (not after or at >= after))
