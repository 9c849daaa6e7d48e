"""A person wants a version to go: it is vetoed for the stage, and the release function does the rest."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage, its models, its ledger's table and the name of the release function."""

    stage: str
    models: tuple[str, ...]
    ledger: str
    release_function: str


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
    """Veto a version. `event` has `model`, `reason`, `by` (the person's ARN) and maybe `version`."""
    raise NotImplementedError("waits for the ledger")
