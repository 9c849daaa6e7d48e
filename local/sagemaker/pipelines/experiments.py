"""The experiment and the trial that an execution's jobs belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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


def experiment_config(
    definition: Definition, record: Record, parameters: Mapping[str, Any], *, files: Files
) -> dict[str, str] | None:
    """ExperimentName and TrialName of an execution; None when its pipeline wants none."""
    resolver = Resolver(
        definition,
        parameters=parameters,
        variables=lambda: variables(record, now=record["CreationTime"]),
        properties={},
        files=files,
    )
    named = {key: str(resolver.resolve(value)) for key, value in definition.experiment.items() if value is not None}
    return named or None
