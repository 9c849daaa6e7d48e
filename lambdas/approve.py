"""A person lets a version into a stage: later stages have a record for what `Approved` is to the first one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment.

    `registry` is the ARN prefix of the account that owns the packages, `arn:aws:sagemaker:<region>:<account>`;
    `before_stage` and `before_ledger` (a table's ARN) are empty in the first stage of a chain; `models` has the hours
    for which a version must have served well in the stage before.
    """

    stage: str
    registry: str
    ledger: str
    before_stage: str
    before_ledger: str
    release_function: str
    models: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    dynamodb: DynamoDBClient
    functions: LambdaClient
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3

    return Clients(
        dynamodb=boto3.client("dynamodb"), functions=boto3.client("lambda"), sagemaker=boto3.client("sagemaker")
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Record an approval. `event` has `model`, `version`, `reason` and `by` (the person's ARN)."""
    raise NotImplementedError("waits for the ledger")
