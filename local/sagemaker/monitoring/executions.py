"""The executions of monitoring schedules: each turn is a record, a job or two, and what came of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from env import images as catalogue
from local.errors import AwsError, LocalError
from local.sagemaker.context import Context
from local.sagemaker.jobs.life import Jobs
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG, PROCESSING_JOB, Kind
from local.sagemaker.monitoring import hours
from local.sagemaker.monitoring.definition import Definition
from local.sagemaker.monitoring.jobs import Execution, analysis_request, merge_request
from local.sagemaker.resources import Record

EXECUTION: Final = Kind(
    "MonitoringExecution",
    "monitoring-execution",
    missing="Monitoring execution {arn} not found.",
    exists="Monitoring execution already exists: {arn}",
)
"""Kept, and not a resource of the API: schedules list their executions."""
UNDER_WAY: Final = ("Pending", "InProgress", "Stopping")
_STATUS: Final = "MonitoringExecutionStatus"
_ENDED: Final = ("Completed", "Failed", "Stopped")
_VIOLATED: Final = "CompletedWithViolations"
_NO_DATA: Final = "Job inputs had no data"
_REASON_CHARACTERS: Final = 1024
_FAILED: Final = (LocalError, AwsError, BotoCoreError, ClientError)

_log = logging.getLogger(__name__)


class NotRunError(LocalError):
    """An execution ends before or with a job of it: what is told of it."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Executions:
    """Runs the turns of schedules, each on a thread of its own."""

    def __init__(self, context: Context, jobs: Jobs, *, ended: Callable[[str], None]) -> None:
        """`ended` is called with the name of a schedule after each execution of it."""
        self._context, self._store, self._workers = context, context.store, context.workers
        self._jobs, self._tell = jobs, ended

    def begin(self, schedule: Record, definition: Definition, *, turn: datetime) -> None:
        """Keep the execution of a turn as Pending and run it; a turn that has been taken is not taken again."""
        members = {
            **_of(schedule["MonitoringScheduleName"], turn),
            _STATUS: "Pending",
            "EndpointName": definition.endpoint["EndpointName"],
            "MonitoringJobDefinitionName": schedule["MonitoringScheduleConfig"].get("MonitoringJobDefinitionName"),
            "MonitoringType": definition.type,
            # What was to be run then, whatever the schedule and its definition become.
            "Schedule": schedule,
            "Definition": definition,
        }
        name = self._keep({key: value for key, value in members.items() if value is not None})
        if name:
            self._start(name)

    def refuse(self, schedule: str, *, turn: datetime, reason: str) -> None:
        """Keep the execution of a turn that cannot be run as Failed."""
        self._keep({**_of(schedule, turn), _STATUS: "Failed", "FailureReason": reason})

    def _keep(self, members: Record) -> str:
        """The name of an execution that is kept from now on; empty for a turn that was taken before."""
        name = _name(members)
        try:
            self._store.add(EXECUTION, name, members)
        except AwsError:
            _log.info("the turn %s was taken before", name)
            return ""
        return name

    def all(self, schedule: str | None = None) -> list[Record]:
        """Every execution, or those of a schedule, in order of creation; the schedule may be gone."""
        found = self._store.all(EXECUTION)
        return [record for record in found if schedule in (None, record["MonitoringScheduleName"])]

    def resume(self) -> None:
        """Go on with what the process before was running; its jobs go on by themselves."""
        for record in self._store.all(EXECUTION):
            if record[_STATUS] in UNDER_WAY:
                self._start(_name(record))

    def _start(self, name: str) -> None:
        self._workers.start(f"monitoring-{name}", lambda: self._run(name))

    def _run(self, name: str) -> None:
        status, reason = "Completed", ""
        try:
            status = self._executed(name, self._store.get(EXECUTION, name))
        except NotRunError as error:
            status, reason = error.status, str(error)
        except _FAILED as error:
            status, reason = "Failed", f"ClientError: {error}"
        except Exception as error:  # noqa: BLE001 - whatever an execution meets, it must end
            _log.exception("the execution %s failed", name)
            status, reason = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        if self._workers.closing:
            return  # the next process takes it up
        reason = reason[:_REASON_CHARACTERS]
        ended = self._store.change(EXECUTION, name, **{_STATUS: status}, FailureReason=reason or None)
        self._tell(ended["MonitoringScheduleName"])

    def _executed(self, name: str, record: Record) -> str:
        """The status in which its jobs have ended. Raises NotRunError."""
        execution = self._execution(record)
        files = self._context.files.acting(execution.definition.role_arn)
        captured = [place for place in execution.places(execution.captured) if files.holds(place)]
        if not captured:
            raise NotRunError("Failed", _NO_DATA)
        if execution.definition.joins_labels:
            labels = [place for place in execution.label_places() if files.holds(place)]
            if not labels:
                raise NotRunError("Failed", _NO_DATA)
            image = catalogue.uri("groundtruth-merger", region=self._context.services.region)
            self._job(name, merge_request(execution, captured, labels, image=image))
            captured = [place for place in execution.places(execution.merged) if files.holds(place)]
        ended = self._job(name, analysis_request(execution, captured, self._baseline(execution.definition)))
        return _VIOLATED if str(ended.get("ExitMessage", "")).startswith(_VIOLATED) else "Completed"

    def _execution(self, record: Record) -> Execution:
        schedule, definition = record["Schedule"], record["Definition"]
        turn = record["ScheduledTime"]
        times = schedule["MonitoringScheduleConfig"]["ScheduleConfig"]
        config = self._config(definition.endpoint["EndpointName"])
        capture = config.get("DataCaptureConfig", {})
        if not capture.get("EnableCapture"):
            raise NotRunError("Failed", f"Endpoint {definition.endpoint['EndpointName']} does not capture data")
        return Execution(
            definition=definition,
            schedule=record["MonitoringScheduleName"],
            arn=schedule["MonitoringScheduleArn"],
            turn=turn,
            span=hours.span(times, definition.endpoint, turn=turn),
            captured=capture["DestinationS3Uri"].rstrip("/"),
            variants=[variant["VariantName"] for variant in config["ProductionVariants"]],
        )

    def _config(self, endpoint: str) -> Record:
        try:
            name = self._store.get(ENDPOINT, endpoint)["EndpointConfigName"]
            return self._store.get(ENDPOINT_CONFIG, name)
        except AwsError as error:
            raise NotRunError("Failed", error.message) from error

    def _baseline(self, definition: Definition) -> Mapping[str, str]:
        """The files that the analysis is held to: named ones, else those of the job that made a baseline."""
        found = {}
        job = definition.baseline.get("BaseliningJobName")
        if job:
            outputs = self._store.get(PROCESSING_JOB, job)["ProcessingOutputConfig"]["Outputs"]
            folder = outputs[0]["S3Output"]["S3Uri"].rstrip("/")
            found = {part: f"{folder}/{part}.json" for part in _parts(definition)}
        for part in _parts(definition):
            resource = definition.baseline.get(f"{part.capitalize()}Resource", {})
            if "S3Uri" in resource:
                found[part] = resource["S3Uri"]
        return found

    def _job(self, name: str, request: dict[str, Any]) -> Record:
        """One of its jobs at its end, made unless there is it already. Raises NotRunError unless it has completed."""
        try:
            job = self._store.get(PROCESSING_JOB, request["ProcessingJobName"])
        except AwsError:
            job = self._jobs.make(request)
        arn = job["ProcessingJobArn"]
        self._store.change(EXECUTION, name, **{_STATUS: "InProgress"}, ProcessingJobArn=arn)
        ended = self._store.until(
            PROCESSING_JOB, arn, lambda record: self._workers.closing or record["ProcessingJobStatus"] in _ENDED
        )
        status = ended["ProcessingJobStatus"]
        if status != "Completed":
            raise NotRunError(status, ended.get("FailureReason", ""))
        return ended


def _parts(definition: Definition) -> tuple[str, ...]:
    return ("statistics", "constraints") if definition.type == "DataQuality" else ("constraints",)


def _of(schedule: str, turn: datetime) -> Record:
    return {"MonitoringScheduleName": schedule, "ScheduledTime": turn}


def _name(record: Record) -> str:
    return f"{record['MonitoringScheduleName']}/{record['ScheduledTime']:%Y%m%d%H%M%S}"
