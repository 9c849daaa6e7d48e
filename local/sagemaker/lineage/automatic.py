"""The lineage that SageMaker writes by itself (Developer Guide, "Lineage Tracking Entities - SageMaker created").

AWS documents which entities there are; what their names end in and which way associations point is told by what its
own SDK looks for, and where nothing tells it is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError
from local.sagemaker.experiments.kinds import EXPERIMENT, TRIAL, TRIAL_COMPONENT
from local.sagemaker.kinds import MODEL_PACKAGE_GROUP, Kind
from local.sagemaker.lineage.kinds import ACTION, ARTIFACT, ASSOCIATION, CONTEXT
from local.sagemaker.lineage.names import artifact_id, association_arn, association_id, group_arn
from local.sagemaker.resources import Record, Store

_SUFFIXES: Final = {
    "TrainingJob": "-aws-training-job",
    "ProcessingJob": "-aws-processing-job",
    "TransformJob": "-aws-transform-job",
}
_NAME_CHARACTERS: Final = 120


@dataclass(frozen=True)
class _Traced:
    """What goes into a job and what comes out of it: addresses in S3 and ECR, by name and artifact type."""

    image: str
    """Empty for a transform job, which has a model."""
    inputs: Mapping[str, str]
    outputs: Sequence[tuple[str, str, str]]
    resources: Mapping[str, Any]
    parameters: Mapping[str, str]


class Recorder:
    """Writes entities and associations as jobs, packages and endpoints come and change."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def require_trial(self, params: Record) -> None:
        """Raise ResourceNotFound for a job of a trial or an experiment that is not there."""
        config = params.get("ExperimentConfig", {})
        for kind in (EXPERIMENT, TRIAL):
            if kind.name_member in config:
                self._store.get(kind, config[kind.name_member])

    def job_began(self, kind: Kind, job: Record) -> None:
        """A trial component for a job, and what contributes to it."""
        traced, config = _TRACED[kind.name](job), job.get("ExperimentConfig", {})
        name, arn = f"{job[kind.name_member]}{_SUFFIXES[kind.name]}", job[kind.arn_member]
        images = {"SageMaker.ImageUri": traced.image} if traced.image else {}
        members = {
            "DisplayName": config.get("TrialComponentDisplayName", name),
            "Source": {"SourceArn": arn, "SourceType": f"SageMaker{kind.name}"},
            "Status": {"PrimaryStatus": "InProgress"},
            "StartTime": job["CreationTime"],
            "Parameters": {**_texts(traced.parameters), **_numbers(traced.resources)},
            "InputArtifacts": {name: {"Value": uri} for name, uri in (*images.items(), *traced.inputs.items())},
            "OutputArtifacts": {},
            "Parents": list(self._parents(name, config)) or None,
        }
        component = self._ensure(TRIAL_COMPONENT, name, {k: v for k, v in members.items() if v is not None})
        sources = [*((uri, "Image") for uri in images.values()), *((uri, "DataSet") for uri in traced.inputs.values())]
        for uri, artifact_type in sources:
            self._connect(self._artifact(uri, artifact_type), component, "ContributedTo")

    def job_ended(self, kind: Kind, job: Record) -> None:
        """How a job ended, and what it produced."""
        traced, status = _TRACED[kind.name](job), job[kind.status_member]
        name = f"{job[kind.name_member]}{_SUFFIXES[kind.name]}"
        outputs = traced.outputs if status == "Completed" else ()
        try:
            component = self._store.change(
                TRIAL_COMPONENT,
                name,
                Status={"PrimaryStatus": status, "Message": job.get("FailureReason", "")},
                EndTime=job["LastModifiedTime"],
                OutputArtifacts={name: {"Value": uri} for name, uri, _ in outputs},
                FinalMetrics=job.get("FinalMetricDataList"),
            )
        except AwsError:
            return  # somebody has deleted it, which is allowed
        for _, uri, artifact_type in outputs:
            self._connect(component["TrialComponentArn"], self._artifact(uri, artifact_type), "Produced")

    def package_made(self, package: Record) -> None:
        """An artifact for a version, its group's context, and what contributes to it."""
        if "ModelPackageGroupName" not in package:
            return
        arn, group = package["ModelPackageArn"], package["ModelPackageGroupName"]
        artifact = self._artifact(arn, "Model")
        for uri, artifact_type in _contained(package.get("InferenceSpecification", {}).get("Containers", [])):
            self._connect(self._artifact(uri, artifact_type), artifact, "ContributedTo")
        source = {"SourceUri": self._store.arn(MODEL_PACKAGE_GROUP, group)}
        name = f"{group}-aws-model-group"
        context = self._ensure(CONTEXT, name, {"Source": source, "ContextType": "ModelGroup"})
        self._connect(artifact, context, "AssociatedWith")

    def package_decided(self, package: Record) -> None:
        """An action for an approval status that somebody has given to a version."""
        if "ModelPackageGroupName" not in package:
            return
        at, status = package["LastModifiedTime"], package["ModelApprovalStatus"]
        version = f"{package['ModelPackageGroupName']}-{package['ModelPackageVersion']}"
        action = self._action(
            f"{version}-{status}-{int(at.timestamp())}-aws-model-group",
            package["ModelPackageArn"],
            {"ActionType": "Approval", "Properties": {"ModelApprovalStatus": status}},
        )
        self._connect(action, self._artifact(package["ModelPackageArn"], "Model"), "ContributedTo")

    def deployed(self, endpoint: Record, containers: Sequence[Record], *, at: datetime) -> None:
        """An action for a deployment, the endpoint's context, and the models and images that were deployed."""
        name, arn = endpoint["EndpointName"], endpoint["EndpointArn"]
        context = self._ensure(
            CONTEXT, f"{name}-aws-endpoint", {"Source": {"SourceUri": arn}, "ContextType": "Endpoint"}
        )
        properties = {"EndpointConfigName": endpoint["EndpointConfigName"]}
        action = self._action(
            f"{name}-{int(at.timestamp())}-aws-endpoint",
            arn,
            {"ActionType": "ModelDeployment", "Properties": properties},
        )
        for uri, artifact_type in _contained(containers):
            self._connect(self._artifact(uri, artifact_type), action, "ContributedTo")
        self._connect(action, context, "AssociatedWith")

    def _parents(self, component: str, config: Record) -> Iterator[Record]:
        experiment, trial = config.get("ExperimentName"), config.get("TrialName")
        if trial is None and experiment is not None:
            trial = f"{component[: _NAME_CHARACTERS - 6]}-trial"
            self._trial(experiment, trial)
        if trial is not None:
            found = self._store.get(TRIAL, trial)
            yield {"TrialName": found["TrialName"], "ExperimentName": found["ExperimentName"]}

    def _trial(self, experiment: str, trial: str) -> None:
        self._ensure(EXPERIMENT, experiment, {"DisplayName": experiment})
        self._ensure(TRIAL, trial, {"DisplayName": trial, "ExperimentName": experiment})

    def _artifact(self, uri: str, artifact_type: str) -> str:
        source = {"SourceUri": uri}
        return self._ensure(ARTIFACT, artifact_id(source), {"Source": source, "ArtifactType": artifact_type})

    def _action(self, name: str, uri: str, members: Record) -> str:
        return self._ensure(ACTION, name, {"Source": {"SourceUri": uri}, "Status": "Completed", **members})

    def _ensure(self, kind: Kind, name: str, members: Mapping[str, Any]) -> str:
        try:
            made = self._store.add(kind, name, {**members, "LineageGroupArn": group_arn(self._store)})
        except AwsError:
            made = self._store.get(kind, name)  # it is there already
        return str(made[kind.arn_member])

    def _connect(self, source: str, destination: str, association_type: str) -> None:
        members = {"SourceArn": source, "DestinationArn": destination, "AssociationType": association_type}
        arn = association_arn(self._store, source, destination)
        try:
            self._store.add(ASSOCIATION, association_id(source, destination), members, arn=arn)
        except AwsError:
            return  # they are connected already


def _training(job: Record) -> _Traced:
    outputs = [("SageMaker.ModelArtifact", job["ModelArtifacts"]["S3ModelArtifacts"], "Model")]
    if "CheckpointConfig" in job:
        outputs.append(("SageMaker.Checkpoint", job["CheckpointConfig"]["S3Uri"], "Checkpoint"))
    channels = job.get("InputDataConfig", [])
    return _Traced(
        image=job["AlgorithmSpecification"]["TrainingImage"],
        inputs={c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in channels},
        outputs=outputs,
        resources=job.get("ResourceConfig", {}),
        parameters=job.get("HyperParameters", {}),
    )


def _processing(job: Record) -> _Traced:
    inputs = [entry for entry in job.get("ProcessingInputs", []) if "S3Input" in entry]
    outputs = job.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return _Traced(
        image=job["AppSpecification"]["ImageUri"],
        inputs={entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in inputs},
        outputs=[(o["OutputName"], o["S3Output"]["S3Uri"], "DataSet") for o in outputs if "S3Output" in o],
        resources=job["ProcessingResources"]["ClusterConfig"],
        parameters={},
    )


def _transform(job: Record) -> _Traced:
    return _Traced(
        image="",
        inputs={"SageMaker.TransformInput": job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]},
        outputs=[("SageMaker.TransformOutput", job["TransformOutput"]["S3OutputPath"], "DataSet")],
        resources=job["TransformResources"],
        parameters={"SageMaker.ModelName": job["ModelName"]},
    )


_TRACED: Final = {"TrainingJob": _training, "ProcessingJob": _processing, "TransformJob": _transform}


def _texts(parameters: Mapping[str, str]) -> Record:
    return {name: {"StringValue": value} for name, value in parameters.items()}


def _numbers(resources: Mapping[str, Any]) -> Record:
    found: Record = {}
    for name in ("InstanceCount", "InstanceType", "VolumeSizeInGB"):
        value = resources.get(name)
        if value is not None:
            found[f"SageMaker.{name}"] = (
                {"StringValue": value} if isinstance(value, str) else {"NumberValue": float(value)}
            )
    return found


def _contained(containers: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """What a model consists of: the package it is of, else its data, and its image."""
    for container in containers:
        if "ModelPackageName" in container:
            yield container["ModelPackageName"], "Model"
            continue
        if "ModelDataUrl" in container:
            yield container["ModelDataUrl"], "Model"
        if "Image" in container:
            yield container["Image"], "Image"
