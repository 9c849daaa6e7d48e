"""Deletes the models and endpoint configs that releases have left behind and that nothing can need any more."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What of a model is kept: the last `releases` that served well, and whatever is younger than `days`."""

    releases: int
    days: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage, its ledger's table and what is kept of each model."""

    stage: str
    ledger: str
    models: Mapping[str, Keep]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    cloudformation: CloudFormationClient
    dynamodb: DynamoDBClient
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3

    return Clients(
        cloudformation=boto3.client("cloudformation"),
        dynamodb=boto3.client("dynamodb"),
        sagemaker=boto3.client("sagemaker"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Sweep one model (`event["model"]`) or all of the stage; with `dry_run` only say what would be deleted."""
    raise NotImplementedError("waits for the ledger")
