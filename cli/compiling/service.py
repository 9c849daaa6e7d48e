"""What botocore's own model of SageMaker says about the calls that steps stand for."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import botocore.session


class Call(NamedTuple):
    """The API calls behind a step type."""

    create: str
    """Its input is the step's ``Arguments``."""
    describe: str
    """Its output holds the step's properties."""
    named_by_service: str | None
    """The required member that SageMaker fills in itself."""
    lists: tuple[str, ...] = ()
    """Further calls whose output holds properties."""


_PROCESSING = Call("CreateProcessingJob", "DescribeProcessingJob", "ProcessingJobName")

CALLS: Mapping[str, Call] = {
    "ClarifyCheck": _PROCESSING,
    "Model": Call("CreateModel", "DescribeModel", "ModelName"),
    "Processing": _PROCESSING,
    "QualityCheck": _PROCESSING,
    "RegisterModel": Call("CreateModelPackage", "DescribeModelPackage", None),
    "Training": Call("CreateTrainingJob", "DescribeTrainingJob", "TrainingJobName"),
    "Transform": Call("CreateTransformJob", "DescribeTransformJob", "TransformJobName"),
    "Tuning": Call(
        "CreateHyperParameterTuningJob",
        "DescribeHyperParameterTuningJob",
        "HyperParameterTuningJobName",
        ("ListTrainingJobsForHyperParameterTuningJob",),
    ),
}
"""Step type → its calls. Developer Guide, "Pipelines steps"."""

STEP_TYPES = {*CALLS, "Callback", "Condition", "Fail", "Lambda"}
"""What a pipeline of ours may have: what its role may do in AWS and the local cloud runs."""

ELSEWHERE = {
    *("Athena", "AutoML", "BedrockCustomModel", "BedrockCustomModelDeployment", "BedrockModelImport"),
    *("BedrockProvisionedModelThroughput", "Cleanup", "EMR", "EMRServerless", "Endpoint", "EndpointConfig", "ForEach"),
    *("HubContent", "InferenceComponent", "Job", "Lineage"),
}
"""Further types that SageMaker has."""


def input_shape(operation: str) -> Any:
    """The shape of what ``operation`` takes."""
    return _model().operation_model(operation).input_shape


def output_shape(operation: str) -> Any:
    """The shape of what ``operation`` gives."""
    return _model().operation_model(operation).output_shape


@functools.cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")
