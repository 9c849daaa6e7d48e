"""Deletes the models and endpoint configs that releases have left behind and that nothing can need any more."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas import endpoint, remains
from lambdas import stack as stacks
from lambdas.broom import Broom
from lambdas.broom import Keep as Keep
from lambdas.errors import RequestError
from lambdas.journal import Journal
from lambdas.ledger import Ledger
from lambdas.place import stack_name
from lambdas.remains import Current, Kind
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


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
    """Sweep one model (`event["model"]`) or all of the stage; with `dry_run` only say what would be deleted.

    Gives `dry_run`; `kept`, each with `model`, `kind`, `name` and `why`; `deleted`, each with the first three;
    `failed`, deletions that SageMaker refused, with `why`; and `waiting`, models that were left alone, with `why`.
    Raises RequestError for a model that the stage has not.
    """
    settings, made = from_environ(Settings, os.environ), clients()
    wanted = event.get("model")
    if wanted is not None and wanted not in settings.models:
        known = ", ".join(sorted(settings.models)) or "none"
        raise RequestError(f"stage {settings.stage} has no model {wanted!r}: its models are {known}")
    report: dict[str, Any] = {"dry_run": bool(event.get("dry_run")), "kept": [], "deleted": [], "failed": []}
    report["waiting"] = []
    for model in [wanted] if wanted else settings.models:
        _sweep_model(model, settings, made, report)
    _log.info("swept", extra=report)
    return report


def _sweep_model(model: str, settings: Settings, clients: Clients, report: dict[str, Any]) -> None:
    journal = Ledger(settings.ledger, dynamodb=clients.dynamodb).read(model)
    described = endpoint.describe(model, stage=settings.stage, sagemaker=clients.sagemaker)
    name = stack_name(model, stage=settings.stage)
    stack = stacks.describe(name, clients.cloudformation)
    if busy := _busy(journal, described, stack["StackStatus"] if stack else "not deployed"):
        report["waiting"].append({"model": model, "why": busy})
        return
    broom = Broom(journal, settings.models[model], stage=settings.stage, sagemaker=clients.sagemaker)
    broom.keep_live(described, current=_current(name, clients.cloudformation))
    broom.sweep(report)


def _busy(journal: Journal, described: DescribeEndpointOutputTypeDef | None, status: str) -> str | None:
    """Why nothing may be deleted now: whatever is under way may need anything."""
    if journal.open is not None:
        return f"release {journal.open.release_id} is under way"
    if not status.endswith("_COMPLETE"):
        return f"the serving stack is {status}"
    if described is not None and described["EndpointStatus"] != "InService":
        return f"the endpoint is {described['EndpointStatus']}"
    return None


def _current(stack: str, cloudformation: CloudFormationClient) -> dict[Kind, Current]:
    """The stack's own model and endpoint config, by kind; none before the first release."""
    found: dict[Kind, Current] = {}
    for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
        kind, physical_id = remains.TYPES.get(resource["ResourceType"]), resource.get("PhysicalResourceId")
        if kind and physical_id:
            # A physical id is a name or an ARN, as the resource's handler likes it.
            name = physical_id.rpartition("/")[2]
            found[kind] = Current(name=name, family=remains.family(resource["LogicalResourceId"], name))
    return found
