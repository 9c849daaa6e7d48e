"""What happens to an execution and its steps: kept in its record, told as events."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from local.sagemaker.context import Context
from local.sagemaker.kinds import PIPELINE_EXECUTION
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.resources import Record

_REASON_CHARACTERS = 1024
_ENDED = ("Succeeded", "Failed", "Stopped", "CompletedWithFailures")

_NAMESPACE: Final = "AWS/Sagemaker/ModelBuildingPipeline"  # spelt so by AWS
_COUNTED: Final = {"Executing": "Started", "Succeeded": "Succeeded", "Failed": "Failed", "Stopped": "Stopped"}
"""What a status is counted as; AWS documents no metric for CompletedWithFailures."""

RETRIED: Final = "RetriedExceptions"
"""The member of a kept step with the exception types for which it has been tried again."""
REPEATED: Final = "StepsToRepeat"
"""The member of an execution that is tried again with its steps whose last try does not count."""


def failed_before(record: Record) -> dict[str, str]:
    """The steps of a kept execution that have ended without success, with their status."""
    repeated = record.get(REPEATED, ())
    return {
        step["StepName"]: step["StepStatus"]
        for step in record["Steps"]
        if step["StepStatus"] in ("Failed", "Stopped") and step["StepName"] not in repeated
    }


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
        self._measure("Execution", status, record, began=record["CreationTime"], ended=ended)

    def step_started(self, step: Step) -> None:
        """A step is executing."""
        entry = {
            "StepName": step.name,
            "StepType": step.kind,
            "StepDisplayName": step.body.get("DisplayName"),
            "StepDescription": step.body.get("Description"),
            "StartTime": self._services.clock.now(),
            "StepStatus": "Executing",
        }

        def start(record: Record) -> dict[str, Any]:
            # A step that is tried again takes the place of its last try.
            before = [other for other in record["Steps"] if other["StepName"] == step.name]
            others = [other for other in record["Steps"] if other["StepName"] != step.name]
            started = {**entry, "AttemptCount": 1 + sum(b["AttemptCount"] for b in before)}
            repeated = [name for name in record.get(REPEATED, ()) if name != step.name]
            return {"Steps": [*others, started], REPEATED: repeated}

        record = self._store.edit(PIPELINE_EXECUTION, self._arn, start)
        self._emit_step(record, step.name, before="Starting")

    def metadata(self, name: str, metadata: dict[str, Any]) -> None:
        """What a step made is known."""
        self._store.edit(
            PIPELINE_EXECUTION, self._arn, lambda record: {"Steps": _with(record, name, {"Metadata": metadata})}
        )

    def step_again(self, name: str, exception_type: str) -> None:
        """A step is about to be tried once more, for an exception of this type."""

        def again(record: Record) -> dict[str, Any]:
            step = next(step for step in record["Steps"] if step["StepName"] == name)
            retried = [*step.get(RETRIED, ()), exception_type]
            # What the try before has made is not what the step made.
            members = {"AttemptCount": step["AttemptCount"] + 1, RETRIED: retried, "Metadata": None}
            return {"Steps": _with(record, name, members)}

        self._store.edit(PIPELINE_EXECUTION, self._arn, again)

    def step_key(self, name: str, key: str) -> None:
        """By what later executions find that a step has been done."""
        self._store.edit(
            PIPELINE_EXECUTION, self._arn, lambda record: {"StepKeys": {**record.get("StepKeys", {}), name: key}}
        )

    def step_cached(self, name: str, entry: Record, *, source: str) -> None:
        """A step is spared: an earlier execution has done it."""
        members = {"CacheHitResult": {"SourcePipelineExecutionArn": source}, "Metadata": entry.get("Metadata")}
        self._store.edit(PIPELINE_EXECUTION, self._arn, lambda record: {"Steps": _with(record, name, members)})

    def step_ended(self, name: str, status: str, reason: str, *, properties: Any = None) -> None:
        """A step has ended; what later steps may refer to of it is kept, for a later try or process."""
        members = {
            "StepStatus": status,
            "EndTime": self._services.clock.now(),
            "FailureReason": reason[:_REASON_CHARACTERS] or None,
        }

        def end(record: Record) -> dict[str, Any]:
            kept = {"StepProperties": {**record.get("StepProperties", {}), name: properties}}
            return {"Steps": _with(record, name, members), **(kept if status == "Succeeded" else {})}

        record = self._store.edit(PIPELINE_EXECUTION, self._arn, end)
        self._emit_step(record, name, before="Executing")

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
        self._measure("Step", step["StepStatus"], record, began=step["StartTime"], ended=step.get("EndTime"), step=name)

    def _measure(
        self, what: str, status: str, record: Record, *, began: datetime, ended: datetime | None, step: str = ""
    ) -> None:
        """A count of the status, and how long it took (Developer Guide, "Metrics for monitoring SageMaker AI")."""
        named = {"PipelineName": record["PipelineName"], **({"StepName": step} if step else {})}
        dimensions = [{"Name": name, "Value": value} for name, value in named.items()]
        data = []
        if status in _COUNTED:
            data.append({"MetricName": f"{what}{_COUNTED[status]}", "Value": 1.0, "Unit": "Count"})
        if ended is not None:
            milliseconds = (ended - began).total_seconds() * 1000
            data.append({"MetricName": f"{what}Duration", "Value": milliseconds, "Unit": "Milliseconds"})
        if data:
            self._services.record(_NAMESPACE, [{**datum, "Dimensions": dimensions} for datum in data])

    def _arns(self, record: Record) -> dict[str, str]:
        return {"pipelineArn": record["PipelineArn"], "pipelineExecutionArn": self._arn}

    def _emit(self, what: str, detail: dict[str, Any], record: Record) -> None:
        told = {key: value for key, value in detail.items() if value is not None}
        resources = [record["PipelineArn"], self._arn]
        self._services.emit("aws.sagemaker", f"SageMaker Model Building Pipeline {what}", told, resources=resources)


def _with(record: Record, name: str, members: dict[str, Any]) -> list[Record]:
    return [{**step, **members} if step["StepName"] == name else step for step in record["Steps"]]


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def _lower_camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower_camel(item) for key, item in value.items()}
    return [_lower_camel(item) for item in value] if isinstance(value, list) else value
