"""What a person asks of a stage: about which model and version, who asks, and why; and with what it is answered."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.errors import RequestError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients of a function that answers people."""

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


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that can be acted upon. `by` is an ARN; `version` is None when the person left it to the stage."""

    model: str
    by: str
    reason: str
    version: int | None


def parse(event: dict[str, Any], *, stage: str, models: Collection[str]) -> Request:
    """The request of an event with the members `model`, `by`, `reason` and maybe `version`.

    Raises RequestError for a model that the stage has not, a version that is no number from 1, and where nobody or no
    reason is given: both stand in the ledger for good.
    """
    model, version = event.get("model"), event.get("version")
    if not isinstance(model, str) or model not in models:
        known = ", ".join(sorted(models)) or "none"
        raise RequestError(f"stage {stage} has no model {model!r}: its models are {known}")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
        raise RequestError(f"version is {version!r}: it must be the number of a package of {model}, such as 3")
    for member, remedy in (("reason", "say why, for those who read the history"), ("by", "give the caller's ARN")):
        if not isinstance(event.get(member), str) or not event[member].strip():
            raise RequestError(f"{member} is empty: {remedy}")
    return Request(model=model, by=event["by"], reason=event["reason"].strip(), version=version)
