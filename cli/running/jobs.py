"""The jobs behind steps: what a running one says of itself, and where its log is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.running.record import Step


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of a step: how far it is, its metrics so far, and the log streams that begin with `streams`."""

    name: str
    phase: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    group: str
    streams: str


def look(connection: Connection, step: Step) -> Job | None:
    """The job of a step, None when the step has none (yet), or when the caller may not see it."""
    for kind, describe in _KINDS.items():
        told = step.metadata.get(kind, {})
        arn = told.get("Arn") or told.get("CheckJobArn")
        if arn:
            return _described(connection, describe, arn.rsplit("/", 1)[-1])
    return None


def _described(connection: Connection, describe: Callable[[Any, str], Job], name: str) -> Job | None:
    try:
        return describe(connection.client("sagemaker"), name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDeniedException", "ValidationException", "ResourceNotFound"):
            return None  # what a step says is more than nothing: the steps are shown without their jobs
        raise


def _processing(sagemaker: Any, name: str) -> Job:
    told = sagemaker.describe_processing_job(ProcessingJobName=name)
    own = told["ProcessingJobName"]  # ARNs have it in lower case, the log has not
    return Job(name=own, phase=told["ProcessingJobStatus"], group="/aws/sagemaker/ProcessingJobs", streams=f"{own}/")


def _training(sagemaker: Any, name: str) -> Job:
    told = sagemaker.describe_training_job(TrainingJobName=name)
    own = told["TrainingJobName"]
    return Job(
        name=own,
        phase=told.get("SecondaryStatus", told["TrainingJobStatus"]),
        metrics={metric["MetricName"]: metric["Value"] for metric in told.get("FinalMetricDataList", [])},
        group="/aws/sagemaker/TrainingJobs",
        streams=f"{own}/",
    )


def _transform(sagemaker: Any, name: str) -> Job:
    told = sagemaker.describe_transform_job(TransformJobName=name)
    own = told["TransformJobName"]
    return Job(name=own, phase=told["TransformJobStatus"], group="/aws/sagemaker/TransformJobs", streams=f"{own}/")


def _tuning(sagemaker: Any, name: str) -> Job:
    told = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    own, counts = told["HyperParameterTuningJobName"], told["TrainingJobStatusCounters"]
    limits = told["HyperParameterTuningJobConfig"].get("ResourceLimits", {})
    ended = sum(counts.get(state, 0) for state in ("Completed", "NonRetryableError", "Stopped"))
    best = told.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric")
    return Job(
        name=own,
        phase=f"{ended} of {limits.get('MaxNumberOfTrainingJobs', '?')} trials, {counts.get('InProgress', 0)} run",
        metrics={f"best {best['MetricName']}": best["Value"]} if best else {},
        group="/aws/sagemaker/TrainingJobs",
        streams=f"{own}-",  # trials bear the tuning job's name, a number and a suffix
    )


_KINDS: Mapping[str, Callable[[Any, str], Job]] = {
    "ProcessingJob": _processing,
    "TrainingJob": _training,
    "TransformJob": _transform,
    "TuningJob": _tuning,
    "QualityCheck": _processing,
    "ClarifyCheck": _processing,
}
