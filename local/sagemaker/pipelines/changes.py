"""What happens to an execution and its steps: kept in its record, told as events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.sagemaker.context import Context
from local.sagemaker.kinds import PIPELINE_EXECUTION
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.resources import Record

_REASON_CHARACTERS = 1024
_ENDED = ("Succeeded", "Failed", "Stopped")


class Changes:
    """Writes one execution's status changes (Developer Guide, "Events for SageMaker AI Pipelines")."""

    def __init__(self, context: Context, arn: str) -> None:
        self._services, self._store, self._arn = context.services, context.store, arn

    def execution(self, status: str, *, reason: str = "") -> None:
        """The execution's status, with the reason of a failure."""
        before: list[str | None] = []

        def change(record: Record) -> dict[str, Any]:
            before.append(record.get("PipelineExecutionStatus"))
            return {"PipelineExecutionStatus": status, "FailureReason": reason or None}

        record = self._store.edit(PIPELINE_EXECUTION, self._arn, change)
        ended = self._services.clock.now() if status in _ENDED else None
        detail = {
            "pipelineExecutionDescription": record.get("PipelineExecutionDescription", ""),
            "pipelineExecutionDisplayName": record["PipelineExecutionDisplayName"],
            "currentPipelineExecutionStatus": status,
            "previousPipelineExecutionStatus": before[0],
            "executionStartTime": _iso(record["CreationTime"]),
            "executionEndTime": _iso(ended),
            **self._arns(record),
        }
        self._emit("Execution Status Change", detail, record)

    def step_started(self, step: Step) -> None:
        """A step is executing."""
        entry = {
            "StepName": step.name,
            "StepType": step.kind,
            "StepDisplayName": step.body.get("DisplayName"),
            "StepDescription": step.body.get("Description"),
            "StartTime": self._services.clock.now(),
            "StepStatus": "Executing",
            "AttemptCount": 1,
        }
        record = self._store.edit(PIPELINE_EXECUTION, self._arn, lambda record: {"Steps": [*record["Steps"], entry]})
        self._emit_step(record, step.name, before="Starting")

    def metadata(self, name: str, metadata: dict[str, Any]) -> None:
        """What a step made is known."""
        self._edit_step(name, {"Metadata": metadata})

    def step_ended(self, name: str, status: str, reason: str) -> None:
        """A step has ended."""
        ended = {"StepStatus": status, "EndTime": self._services.clock.now()}
        record = self._edit_step(name, {**ended, "FailureReason": reason[:_REASON_CHARACTERS] or None})
        self._emit_step(record, name, before="Executing")

    def _edit_step(self, name: str, members: dict[str, Any]) -> Record:
        def change(record: Record) -> dict[str, Any]:
            return {"Steps": [{**step, **members} if step["StepName"] == name else step for step in record["Steps"]]}

        return self._store.edit(PIPELINE_EXECUTION, self._arn, change)

    def _emit_step(self, record: Record, name: str, *, before: str) -> None:
        step = next(step for step in record["Steps"] if step["StepName"] == name)
        detail = {
            "metadata": _lower_camel(step.get("Metadata") or {}),
            "stepStartTime": _iso(step["StartTime"]),
            "stepEndTime": _iso(step.get("EndTime")),
            "stepName": name,
            "stepType": step["StepType"],
            "previousStepStatus": before,
            "currentStepStatus": step["StepStatus"],
            "failureReason": step.get("FailureReason"),
            **self._arns(record),
        }
        self._emit("Execution Step Status Change", detail, record)

    def _arns(self, record: Record) -> dict[str, str]:
        return {"pipelineArn": record["PipelineArn"], "pipelineExecutionArn": self._arn}

    def _emit(self, what: str, detail: dict[str, Any], record: Record) -> None:
        told = {key: value for key, value in detail.items() if value is not None}
        resources = [record["PipelineArn"], self._arn]
        self._services.emit("aws.sagemaker", f"SageMaker Model Building Pipeline {what}", told, resources=resources)


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def _lower_camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower_camel(item) for key, item in value.items()}
    return [_lower_camel(item) for item in value] if isinstance(value, list) else value
