"""Which commit a pipeline was deployed from, as far as what it has made before can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

PARAMETER: Final = "CodeCommit"
"""The parameter by which whoever starts a pipeline says what its code is."""

_UNKNOWN: Final = "unknown"
_GONE: Final = ("ResourceNotFound", "ResourceNotFoundException", "ValidationException")


def commit(package_arn: str, *, pipeline: str, sagemaker: SageMakerClient) -> str:
    """The commit of a version, if the pipeline is still as it was when that version was made; empty otherwise.

    Empty too for a pipeline that has no such parameter, and for a version or an execution that is gone.
    """
    try:
        origin = sagemaker.describe_model_package(ModelPackageName=package_arn).get("MetadataProperties", {})
        known, execution = origin.get("CommitId", _UNKNOWN), origin.get("GeneratedBy", "")
        deployed = sagemaker.describe_pipeline(PipelineName=pipeline)
        if known == _UNKNOWN or not _takes(deployed["PipelineDefinition"]):
            return ""
        begun = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)["CreationTime"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        return ""
    return known if deployed["LastModifiedTime"] <= begun else ""


def _takes(definition: str) -> bool:
    return any(parameter["Name"] == PARAMETER for parameter in json.loads(definition).get("Parameters", []))
