"""The processing jobs of one execution of a monitor, as the service makes them.

Developer Guide, "Container Contract Inputs" and "Ingest ground truth labels and merge them with predictions".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from local.sagemaker.jobs.processing import METRICS
from local.sagemaker.monitoring.definition import Definition
from local.sagemaker.monitoring.hours import Span

Params = dict[str, Any]

_PROCESSING: Final = "/opt/ml/processing"
_LABELS: Final = f"{_PROCESSING}/groundtruth"
_MERGED: Final = f"{_PROCESSING}/output"
_CAPTURED: Final = f"{_PROCESSING}/input_data"
_MANY_HOURS: Final = 6
"""A job has ten inputs at most: of more hours than these whole days come in, and the program leaves out what is old."""
_NAMES: Final[Mapping[str, str]] = {
    "DataQuality": "data-quality-monitoring",
    "ModelQuality": "model-quality-monitoring",
    "ModelBias": "model-bias-monitoring",
    "ModelExplainability": "model-explainability-monitoring",
}
_NAMESPACES: Final[Mapping[str, str]] = {
    "DataQuality": "data-metrics",
    "ModelQuality": "model-metrics",
    "ModelBias": "bias-metrics",
    "ModelExplainability": "explainability-metrics",
}
_READ_BY_DEFAULT: Final = {"DataQuality": ("endpointInput", "endpointOutput"), "ModelQuality": ("endpointOutput",)}


_OWN: Final = ("ImageUri", "ContainerEntrypoint", "ContainerArguments")
_SCRIPTS: Final = {
    "record_preprocessor_script": "RecordPreprocessorSourceUri",
    "post_analytics_processor_script": "PostAnalyticsProcessorSourceUri",
    "analysis_config": "ConfigUri",
}
"""What the container is given as a file, by its input and variable."""


@dataclass(frozen=True)
class Execution:
    """What the jobs of one turn of a schedule have in common."""

    definition: Definition
    schedule: str
    arn: str
    """Of the schedule."""
    turn: datetime
    span: Span
    captured: str
    """The S3 folder that an endpoint captures to, and in it the one of the endpoint."""
    variants: Sequence[str]

    @property
    def endpoint(self) -> str:
        """The name of the endpoint."""
        return str(self.definition.endpoint["EndpointName"])

    @property
    def report(self) -> str:
        """Where the analysis leaves its files: by the hour of the turn, not of the data."""
        return f"{self.definition.folder}/{self.endpoint}/{self.schedule}/{_hour(self.turn)}"

    @property
    def merged(self) -> str:
        """Where the merge leaves its records."""
        return f"{self.definition.folder}/merge"

    def name(self, *, merge: bool = False) -> str:
        """The name of its job: both jobs of a turn end alike."""
        kind = "groundtruth-merge" if merge else _NAMES[self.definition.type]
        digest = hashed(f"{self.arn} {self.turn.isoformat()}")
        return f"{kind}-{self.turn:%Y%m%d%H%M}-{digest}"[:63]

    def places(self, folder: str) -> list[str]:
        """The folders of captured or merged records below `folder`, with what stands after it."""
        return [f"{folder}/{self.endpoint}/{variant}/{hour}" for variant in self.variants for hour in self._hours()]

    def label_places(self) -> list[str]:
        """Where labels may lie: they come after their requests, so those until the turn count."""
        whole = Span(self.span.start, max(self.span.end, self.turn))
        return [f"{self.definition.ground_truth}".rstrip("/") + f"/{hour}" for hour in _hours(whole)]

    def _hours(self) -> list[str]:
        return _hours(self.span)


def merge_request(execution: Execution, captured: Iterable[str], labels: Iterable[str], *, image: str) -> Params:
    """The job that joins captured requests with labels by inference id, of the S3 folders that have any."""
    root = f"{execution.definition.ground_truth}".rstrip("/")
    inputs = [
        *_inputs("groundtruth_input", labels, root=root, local=_LABELS),
        *_inputs("endpoint_input", captured, root=execution.captured, local=_CAPTURED),
    ]
    environment = {
        "dataset_source": _CAPTURED,
        "ground_truth_source": _LABELS,
        "output_path": _MERGED,
        **_times(execution),
    }
    output = {"S3Uri": execution.merged, "LocalPath": _MERGED, "S3UploadMode": "EndOfJob"}
    return {
        **_platform(execution, output, merge=True),
        "AppSpecification": {"ImageUri": image},
        "ProcessingInputs": inputs,
        "Environment": environment,
    }


def analysis_request(execution: Execution, places: Iterable[str], baseline: Mapping[str, str]) -> Params:
    """The job that judges what lies in S3 folders, held to a baseline: file name without its ending → URI."""
    definition = execution.definition
    local, root = str(definition.endpoint["LocalPath"]), execution.captured
    if definition.joins_labels:
        root = execution.merged
    application, inputs, files = definition.application, [], {}
    for part, uri in baseline.items():
        folder = f"{_PROCESSING}/baseline/{'stats' if part == 'statistics' else part}"
        inputs.append(_input(part if part == "constraints" else "baseline_statistics", uri, folder))
        files[f"baseline_{part}"] = f"{folder}/{uri.rsplit('/', 1)[-1]}"
    for name, member in _SCRIPTS.items():
        if member in application:
            folder = f"{_PROCESSING}/code/{name}"
            inputs.append(_input(name, application[member], folder))
            files[name] = f"{folder}/{application[member].rsplit('/', 1)[-1]}"
    output = {"S3Uri": execution.report, "LocalPath": definition.local_output, "S3UploadMode": "Continuous"}
    own = {member: application[member] for member in _OWN if member in application}
    return {
        **_platform(execution, output),
        METRICS: f"aws/sagemaker/Endpoints/{_NAMESPACES[definition.type]}",
        "AppSpecification": own,
        "ProcessingInputs": [*inputs, *_inputs("endpoint_input", places, root=root, local=local)],
        "Environment": {**_environment(execution, local), **files, **application.get("Environment", {})},
    }


def _environment(execution: Execution, local: str) -> dict[str, str]:
    """The variables of the analysis; those of model quality say where the answer, its probability and labels are."""
    definition, endpoint = execution.definition, execution.definition.endpoint
    read = list(_READ_BY_DEFAULT.get(definition.type, ("endpointInput", "endpointOutput")))
    form = "sagemakerMergeJson" if definition.joins_labels else "sagemakerCaptureJson"
    named = {
        "inference_attribute": endpoint.get("InferenceAttribute"),
        "probability_attribute": endpoint.get("ProbabilityAttribute"),
        "probability_threshold_attribute": endpoint.get("ProbabilityThresholdAttribute"),
        "features_attribute": endpoint.get("FeaturesAttribute"),
        "exclude_features_attribute": endpoint.get("ExcludeFeaturesAttribute"),
        "problem_type": definition.application.get("ProblemType"),
        "analysis_type": "MODEL_QUALITY" if definition.type == "ModelQuality" else None,
    }
    return {
        "dataset_format": json.dumps({form: {"captureIndexNames": read}}),
        "dataset_source": local,
        "output_path": definition.local_output,
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_name": execution.endpoint,
        "sagemaker_monitoring_schedule_name": execution.schedule,
        "sagemaker_endpoint_datacapture_prefix": execution.captured,
        **_times(execution),
        **{name: str(value) for name, value in named.items() if value is not None},
    }


def _times(execution: Execution) -> dict[str, str]:
    span = execution.span
    end = span.end + timedelta(microseconds=999_999)  # of a turn between two seconds the last one counts
    return {"start_time": _iso(span.start), "end_time": _iso(end), "metric_time": _iso(span.start)}


def _platform(execution: Execution, output: Params, *, merge: bool = False) -> Params:
    definition = execution.definition
    config: Params = {"Outputs": [{"OutputName": "result", "S3Output": output}]}
    if "KmsKeyId" in definition.output:
        config["KmsKeyId"] = definition.output["KmsKeyId"]
    return {
        "ProcessingJobName": execution.name(merge=merge),
        "MonitoringScheduleArn": execution.arn,
        "RoleArn": definition.role_arn,
        "ProcessingResources": {"ClusterConfig": dict(definition.cluster)},
        "ProcessingOutputConfig": config,
        "StoppingCondition": dict(definition.stopping) or {"MaxRuntimeInSeconds": 3600},
        **({"NetworkConfig": dict(definition.network)} if definition.network else {}),
    }


def _inputs(name: str, places: Iterable[str], *, root: str, local: str) -> Iterator[Params]:
    for number, place in enumerate(places, start=1):
        yield _input(f"{name}_{number}", place, f"{local}{place.removeprefix(root)}")


def _input(name: str, uri: str, folder: str) -> Params:
    source = {"S3Uri": uri, "LocalPath": folder, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": source}


def _hours(span: Span) -> list[str]:
    hours = list(span.hours())
    if len(hours) > _MANY_HOURS:
        return list(dict.fromkeys(f"{hour:%Y/%m/%d}" for hour in hours))
    return [_hour(hour) for hour in hours]


def _hour(moment: datetime) -> str:
    return f"{moment:%Y/%m/%d/%H}"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def hashed(text: str) -> str:
    """A short digest that tells the jobs of schedules of the same turn apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
