"""The training jobs of a tuning job: how they have come out, and which is the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import AwsError
from local.sagemaker.kinds import TRAINING_JOB
from local.sagemaker.resources import Record, Store
from local.sagemaker.tuning.request import OBJECTIVE_PARAMETER, Definition, definitions

HISTORY: Final = "ObjectiveHistory"
"""The member of a training job's record with every value of its tuning job's metric so far."""
_RUNNING: Final = ("InProgress", "Stopping")
_RETRYABLE: Final = "InternalServerError"


@dataclass(frozen=True)
class Trial:
    """One training job of a tuning job. `job` is its record; empty when it was deleted, or is not made yet."""

    name: str
    definition: Definition
    point: Mapping[str, str]
    job: Record

    @property
    def status(self) -> str:
        """Its TrainingJobStatus; one that nobody has any more counts as stopped."""
        return str(self.job.get("TrainingJobStatus", "Stopped"))

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status in _RUNNING

    @property
    def value(self) -> float | None:
        """The last value of the objective metric; None of one that runs, failed, or never told it."""
        if self.running or self.status == "Failed":
            return None
        metrics = {each["MetricName"]: each["Value"] for each in self.job.get("FinalMetricDataList") or []}
        return metrics.get(self.definition.objective.metric)

    @property
    def history(self) -> list[float]:
        """Every value of the objective metric, in order."""
        return list(self.job.get(HISTORY, ()))

    def summary(self) -> Record:
        """As HyperParameterTrainingJobSummary has it."""
        told = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "FailureReason")
        members = {
            "TrainingJobName": self.name,
            "TrainingJobArn": self.job.get("TrainingJobArn"),
            "TrainingJobStatus": self.status,
            "TunedHyperParameters": dict(self.point),
            "ObjectiveStatus": "Pending" if self.running else "Failed" if self.value is None else "Succeeded",
            **{member: self.job[member] for member in told if member in self.job},
        }
        if self.definition.name:
            members["TrainingJobDefinitionName"] = self.definition.name
        if self.value is not None:
            members["FinalObjectiveMetricValue"] = self.value
            members["FinalHyperParameterTuningJobObjectiveMetric"] = {
                "Type": "Maximize" if self.definition.objective.maximize else "Minimize",
                "MetricName": self.definition.objective.metric,
                "Value": self.value,
            }
        return members


def trials(store: Store, tuning: Record) -> list[Trial]:
    """The trials of a tuning job, in the order of their launch."""
    known = {definition.name: definition for definition in definitions(tuning)}
    return [
        Trial(each["Name"], known[each["Definition"]], each["Point"], job_of(store, each["Name"]))
        for each in tuning["Trials"]
    ]


def best(found: list[Trial]) -> Trial | None:
    """The trial with the best value; the earlier one of two that are as good."""
    leading: Trial | None = None
    for trial in found:
        if trial.value is None:
            continue
        if leading is None or leading.value is None or trial.definition.objective.better(trial.value, leading.value):
            leading = trial
    return leading


def told(found: list[Trial]) -> Record:
    """The members of DescribeHyperParameterTuningJob that follow from the trials."""
    values = [trial for trial in found if not trial.running]
    failed = [trial for trial in found if trial.status == "Failed"]
    retryable = sum(str(trial.job.get("FailureReason", "")).startswith(_RETRYABLE) for trial in failed)
    leading = best(found)
    return {
        "TrainingJobStatusCounters": {
            "Completed": sum(trial.status == "Completed" for trial in found),
            "InProgress": sum(trial.running for trial in found),
            "RetryableError": retryable,
            "NonRetryableError": len(failed) - retryable,
            "Stopped": sum(trial.status == "Stopped" for trial in found),
        },
        "ObjectiveStatusCounters": {
            "Succeeded": sum(trial.value is not None for trial in values),
            "Pending": len(found) - len(values),
            "Failed": sum(trial.value is None for trial in values),
        },
        **({"BestTrainingJob": leading.summary()} if leading is not None else {}),
    }


def request(tuning: Record, definition: Definition, *, name: str, point: Mapping[str, str]) -> Record:
    """The members of CreateTrainingJob for a trial, and the tuning job that it belongs to."""
    static = definition.body.get("StaticHyperParameters", {})
    left_out = ("DefinitionName", "TuningObjective", "HyperParameterRanges", "StaticHyperParameters")
    kept = {key: value for key, value in definition.body.items() if key not in left_out}
    resources = kept.pop("HyperParameterTuningResourceConfig", None)
    return {
        **kept,
        **({"ResourceConfig": _resources(resources)} if resources else {}),
        "TrainingJobName": name,
        "HyperParameters": {**static, **point, OBJECTIVE_PARAMETER: definition.objective.metric},
        "TuningJobArn": tuning["HyperParameterTuningJobArn"],
    }


def job_of(store: Store, name: str) -> Record:
    """The record of a training job; empty when there is none."""
    try:
        return store.get(TRAINING_JOB, name)
    except AwsError:
        return {}


def _resources(given: Mapping[str, Any]) -> dict[str, Any]:
    # Of several kinds of instances the first one is what AWS tries first.
    (first, *_) = given.get("InstanceConfigs") or [given]
    members = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")
    return {member: {**given, **first}[member] for member in members if member in {**given, **first}}
