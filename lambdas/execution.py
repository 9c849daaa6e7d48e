"""What became of a pipeline execution, gathered from SageMaker: parameters, metrics, data, code, package, outcome."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from lambdas.identity import person

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

ENDED: Final[Mapping[str, str]] = {
    "Succeeded": "FINISHED",
    "CompletedWithFailures": "FINISHED",
    "Failed": "FAILED",
    "Stopped": "KILLED",
}
"""The statuses of executions that have ended, with MLflow's for a run."""
_OURS: Final = "sluice:"
_NO_METRIC: Final = "rows"
_INTERNAL: Final = ("sagemaker_", "SM_")
_METRICS_OF: Final = ("binary_classification_metrics", "multiclass_classification_metrics", "regression_metrics")
_MISSING: Final = ("NoSuchKey", "404", "NoSuchBucket", "AccessDenied")


def may_go_on(status: str) -> bool:
    """Whether an execution that ended so can be retried (SageMaker API Reference, "RetryPipelineExecution")."""
    return status in ("Failed", "Stopped")


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file that a run was made of; `version` is that of a versioned bucket, empty without one."""

    name: str
    uri: str
    version: str
    sha256: str
    size: int
    rows: int


@dataclass(kw_only=True)
class Told:
    """An execution that has ended, in facts."""

    arn: str
    pipeline: str
    name: str
    status: str
    start: datetime
    end: datetime
    by: str
    reason: str = ""
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    judged_by: list[str] = field(default_factory=list)
    """The metrics that stand with the package."""
    commit: str = ""
    package: str = ""
    model_data: str = ""
    gate: str = ""
    """What the Fail step said that ended it; empty unless one did."""
    folders: dict[str, str] = field(default_factory=dict)
    """Where jobs left `report` and `evaluation`, in S3."""

    @property
    def outcome(self) -> str:
        """In one word: registered, unregistered, gate-failed, failed or stopped."""
        if self.package:
            return "registered"
        if self.gate:
            return "gate-failed"
        return {"Failed": "failed", "Stopped": "stopped"}.get(self.status, "unregistered")


def gather(arn: str, *, sagemaker: SageMakerClient, s3: S3Client) -> Told:
    """What is known of an execution. What its jobs did not leave is left out."""
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    told = Told(
        arn=arn,
        pipeline=arn.split("/")[1],
        name=described.get("PipelineExecutionDisplayName") or arn.rpartition("/")[2],
        status=described["PipelineExecutionStatus"],
        start=described["CreationTime"],
        end=described["LastModifiedTime"],
        by=person(described.get("CreatedBy")),
        reason=described.get("FailureReason", ""),
    )
    told.params.update(_parameters(arn, sagemaker))
    for step in _steps(arn, sagemaker):
        _read_step(step, told, sagemaker)
    _read_evaluation(told, s3)
    _read_snapshot(told, s3)
    _read_package(told, sagemaker)
    return told


def plain(name: str) -> str:
    """A name as MLflow takes it for a parameter, a metric or a tag."""
    return re.sub(r"[^\w./ -]", "_", name)


def _parameters(arn: str, sagemaker: SageMakerClient) -> Iterator[tuple[str, str]]:
    asked: dict[str, Any] = {"PipelineExecutionArn": arn}
    while True:
        page = sagemaker.list_pipeline_parameters_for_execution(**asked)
        for parameter in page["PipelineParameters"]:
            yield plain(parameter["Name"]), parameter["Value"]
        if not page.get("NextToken"):
            return
        asked["NextToken"] = page["NextToken"]


def _steps(arn: str, sagemaker: SageMakerClient) -> Iterator[Any]:
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending"
    )
    return (step for page in pages for step in page["PipelineExecutionSteps"])


def _read_step(step: Any, told: Told, sagemaker: SageMakerClient) -> None:
    metadata = step.get("Metadata", {})
    if step.get("StepStatus") == "Failed" and step.get("FailureReason"):
        told.reason = f"step {step['StepName']}: {step['FailureReason']}"
    if "Fail" in metadata:
        told.gate = metadata["Fail"].get("ErrorMessage", "")
    if "RegisterModel" in metadata and "Arn" in metadata["RegisterModel"]:
        told.package = metadata["RegisterModel"]["Arn"]
    if "Arn" in metadata.get("TrainingJob", {}):
        _read_training(step["StepName"], metadata["TrainingJob"]["Arn"], told, sagemaker)
    # A job that did not end well has left no report; to look for one asks for the right to list the bucket.
    if step.get("StepStatus") == "Succeeded" and "Arn" in metadata.get("ProcessingJob", {}):
        _read_processing(metadata["ProcessingJob"]["Arn"], told, sagemaker)


def _read_training(step: str, arn: str, told: Told, sagemaker: SageMakerClient) -> None:
    job = sagemaker.describe_training_job(TrainingJobName=arn.rpartition("/")[2])
    for name, value in job.get("HyperParameters", {}).items():
        if not name.startswith(_INTERNAL):
            told.params[plain(f"{step}.{name}")] = value.strip('"')
    for metric in job.get("FinalMetricDataList", []):
        told.metrics[plain(metric["MetricName"])] = metric["Value"]
    told.model_data = job.get("ModelArtifacts", {}).get("S3ModelArtifacts", told.model_data)


def _read_processing(arn: str, told: Told, sagemaker: SageMakerClient) -> None:
    job = sagemaker.describe_processing_job(ProcessingJobName=arn.rpartition("/")[2])
    for output in job.get("ProcessingOutputConfig", {}).get("Outputs", []):
        if output["OutputName"] in ("report", "evaluation") and "S3Output" in output:
            told.folders[output["OutputName"]] = output["S3Output"]["S3Uri"]


def _read_evaluation(told: Told, s3: S3Client) -> None:
    report = _json(told.folders.get("evaluation"), "evaluation.json", s3)
    for group in _METRICS_OF:
        for name, entry in _object(report.get(group)).items():
            value = _object(entry).get("value")
            if isinstance(value, int | float) and not isinstance(value, bool):
                told.metrics[plain(name)] = float(value)


def _read_snapshot(told: Told, s3: S3Client) -> None:
    """The inputs of a snapshot; what is none in it, authors may write their own, is passed over."""
    listed = _json(told.folders.get("report"), "snapshot.json", s3).get("inputs")
    for entry in map(_object, listed if isinstance(listed, list) else []):
        if not entry.get("uri"):
            continue
        told.inputs.append(
            Input(
                name=str(entry.get("name") or "data"),
                uri=str(entry["uri"]),
                version=str(entry.get("version_id") or ""),
                sha256=str(entry.get("sha256") or ""),
                size=_count(entry.get("bytes")),
                rows=_count(entry.get("rows")),
            )
        )


def _read_package(told: Told, sagemaker: SageMakerClient) -> None:
    told.commit = told.params.get("CodeCommit", "")
    if not told.package:
        return
    package = sagemaker.describe_model_package(ModelPackageName=told.package)
    told.commit = package.get("MetadataProperties", {}).get("CommitId", told.commit)
    for name, value in package.get("CustomerMetadataProperties", {}).items():
        if name.startswith(_OURS) and name != f"{_OURS}{_NO_METRIC}" and (number := _number(value)) is not None:
            metric = plain(name.removeprefix(_OURS))
            told.metrics[metric] = number
            told.judged_by.append(metric)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _json(folder: str | None, name: str, s3: S3Client) -> dict[str, Any]:
    """A JSON object that a job left; empty when it left none, or none that can be read."""
    if folder is None:
        return {}
    place = urlsplit(f"{folder.rstrip('/')}/{name}")
    try:
        read = json.loads(s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        return {}
    except ValueError:
        return {}
    return _object(read)
