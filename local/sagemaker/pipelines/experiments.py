"""The experiment and the trial that an execution's jobs belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import ValidationError
from local.roles import Clients
from local.sagemaker.errors import StepFailed
from local.sagemaker.pipelines.definition import Definition
from local.sagemaker.pipelines.resolve import Resolver
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files


def variables(record: Record, *, now: datetime, job: str = "") -> dict[str, str]:
    """The variables of an execution, for a step that makes `job`."""
    return {
        "StartDateTime": record["CreationTime"].isoformat(),
        "CurrentDateTime": now.isoformat(),
        "PipelineName": record["PipelineName"],
        "PipelineArn": record["PipelineArn"],
        "PipelineExecutionId": record["PipelineExecutionArn"].rsplit("/", 1)[-1],
        "PipelineExecutionArn": record["PipelineExecutionArn"],
        "TrainingJobName": job,
        "ProcessingJobName": job,
    }


def overall(definition: Definition, record: Record, *, parameters: Mapping[str, Any], files: Files) -> Resolver:
    """Values for what concerns a whole execution, before any of its steps has run."""
    return Resolver(
        definition,
        parameters=parameters,
        variables=lambda: variables(record, now=record["CreationTime"]),
        properties={},
        files=files,
    )


def configured(title: str, config: Mapping[str, Any], resolver: Resolver) -> dict[str, str]:
    """The values of a configuration, which is called `title` in the definition. Raises ValidationError."""
    try:
        return {key: str(resolver.resolve(value)) for key, value in config.items() if value is not None}
    except StepFailed as error:
        raise ValidationError(f"{title} cannot be read: {error}") from error


def enroll(clients: Clients, config: Mapping[str, str]) -> None:
    """Make an execution's experiment and trial unless they are there, as SageMaker does in the pipeline's role.

    Raises StepFailed with the words of whoever refuses (Developer Guide, "Amazon SageMaker Experiments Integration").
    """
    if not {"ExperimentName", "TrialName"} <= config.keys():
        return
    experiment, trial = ({name: config[name]} for name in ("ExperimentName", "TrialName"))
    try:
        sagemaker = clients.client("sagemaker")
        _ensure(sagemaker.describe_experiment, sagemaker.create_experiment, experiment, {})
        _ensure(sagemaker.describe_trial, sagemaker.create_trial, trial, experiment)
    except ClientError as error:
        raise StepFailed.by(error) from error
    except BotoCoreError as error:
        raise StepFailed(f"ClientError: {error}") from error


def _ensure(describe: Any, create: Any, name: dict[str, str], parent: dict[str, str]) -> None:
    try:
        describe(**name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise
        try:
            create(**name, **parent)
        except ClientError as other:
            # Another execution of the pipeline, at the same time, may have made the experiment that they share.
            if "already exists" not in other.response["Error"]["Message"]:
                raise
