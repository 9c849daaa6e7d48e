"""The AWS clients of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient

THREADS = 8
"""How many objects are fetched at once."""


@dataclass(frozen=True, kw_only=True)
class Clients:
    """What a run talks to."""

    cloudwatch: CloudWatchClient
    events: EventBridgeClient
    s3: S3Client
    sagemaker: SageMakerClient
    ssm: SSMClient


def live() -> Clients:
    """Clients of the account that this runs in."""
    import boto3
    from botocore.config import Config

    return Clients(
        cloudwatch=boto3.client("cloudwatch"),
        events=boto3.client("events"),
        s3=boto3.client("s3", config=Config(max_pool_connections=THREADS)),
        sagemaker=boto3.client("sagemaker"),
        ssm=boto3.client("ssm"),
    )
