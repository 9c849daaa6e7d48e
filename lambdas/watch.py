"""Each minute of a release: sees that the new fleet is tested at all, and asks the release function to go on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Whether a model's new fleet is probed, and the requests per minute below which its alarms do not judge it."""

    enabled: bool
    minimum_invocations: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment.

    `registry` is the ARN prefix of the account that owns the packages, `arn:aws:sagemaker:<region>:<account>`.
    """

    stage: str
    registry: str
    ledger: str
    release_function: str
    models: Mapping[str, Probe]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    cloudwatch: CloudWatchClient
    dynamodb: DynamoDBClient
    functions: LambdaClient
    runtime: SageMakerRuntimeClient
    s3: S3Client
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3

    return Clients(
        cloudwatch=boto3.client("cloudwatch"),
        dynamodb=boto3.client("dynamodb"),
        functions=boto3.client("lambda"),
        runtime=boto3.client("sagemaker-runtime"),
        s3=boto3.client("s3"),
        sagemaker=boto3.client("sagemaker"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Watch every model of the stage whose release is under way. `event` is not looked at."""
    raise NotImplementedError("waits for the ledger")
