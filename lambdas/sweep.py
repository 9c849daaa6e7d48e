"""Deletes the models and endpoint configs that releases have left behind and that nothing can need any more."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lambdas import endpoint, remains
from lambdas.errors import RequestError
from lambdas.journal import Journal
from lambdas.ledger import Ledger
from lambdas.records import Outcome
from lambdas.remains import Current, Found, Kind
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

_BEGINNING = timedelta(hours=1)
"""What is younger may belong to a release or a deployment that has begun while this function runs."""


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
    stack = f"sluice-{settings.stage}-serving-{model}"
    if busy := _busy(journal, described, _status(stack, clients.cloudformation)):
        report["waiting"].append({"model": model, "why": busy})
        return
    broom = Broom(journal, settings.models[model], stage=settings.stage, sagemaker=clients.sagemaker)
    broom.keep_live(described, current=_current(stack, clients.cloudformation))
    broom.sweep(report)


def _busy(journal: Journal, described: DescribeEndpointOutputTypeDef | None, status: str) -> str | None:
    """Why nothing may be deleted now: whatever is under way may need anything."""
    if journal.open is not None:
        return f"release {journal.open.release_id} is under way"
    if not status.endswith("_COMPLETE") or status == "DELETE_COMPLETE":
        return f"the serving stack is {status}"
    if described is not None and described["EndpointStatus"] != "InService":
        return f"the endpoint is {described['EndpointStatus']}"
    return None


def _status(stack: str, cloudformation: CloudFormationClient) -> str:
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return "not deployed"
        raise


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


class Broom:
    """What is kept of one model and why, and what goes."""

    def __init__(self, journal: Journal, keep: Keep, *, stage: str, sagemaker: SageMakerClient) -> None:
        self._journal, self._keep, self._sagemaker = journal, keep, sagemaker
        self._tags = {"sluice:model": journal.model, "sluice:stage": stage}
        self._current: dict[Kind, Current] = {}
        self._reasons: dict[tuple[Kind, str], str] = {}
        self._configs: set[str] = set()

    def keep_live(self, described: DescribeEndpointOutputTypeDef | None, *, current: dict[Kind, Current]) -> None:
        """Keep what serves, what is on its way, what the stack holds, and the releases to go back to."""
        self._current = current
        for config, version in _served_well(self._journal, self._keep.releases).items():
            self._note("endpoint config", config, f"version {version} served well")
        for kind, held in current.items():
            self._note(kind, held.name, "the serving stack holds it")
        pending = described.get("PendingDeploymentSummary") if described else None
        if pending:
            self._note("endpoint config", pending["EndpointConfigName"], "it is being deployed")
        if described and (config := described.get("EndpointConfigName")):
            self._note("endpoint config", config, "it serves")

    def sweep(self, report: dict[str, Any]) -> None:
        """Delete what has no reason to stay, configs before the models they run; say it in `report`."""
        left = self._sweep("endpoint config", report)
        for config in sorted(left | self._configs):
            for model in remains.models_of(config, self._sagemaker):
                self._note("model", model, f"{config} runs it")
        self._sweep("model", report)

    def _sweep(self, kind: Kind, report: dict[str, Any]) -> set[str]:
        """The names of a kind that are left afterwards."""
        left: set[str] = set()
        if kind not in self._current:
            return left
        for found in remains.find(self._current[kind].family, kind, self._sagemaker):
            entry = {"model": self._journal.model, "kind": kind, "name": found.name}
            if why := self._why(found):
                report["kept"].append({**entry, "why": why})
                left.add(found.name)
            elif report["dry_run"]:
                report["deleted"].append(entry)
            elif failure := remains.delete(found, self._sagemaker):
                report["failed"].append({**entry, "why": failure})
                left.add(found.name)
            else:
                report["deleted"].append(entry)
        return left

    def _why(self, found: Found) -> str | None:
        """The reason to keep something. Its tags are asked for last: that is a call for each."""
        if reason := self._reasons.get((found.kind, found.name.lower())):
            return reason
        age, days = self._journal.now - found.created, timedelta(days=self._keep.days)
        if age < max(days, _BEGINNING):
            return f"it is younger than {self._keep.days} days" if age < days else "it is new"
        if remains.tagged(found, self._tags, self._sagemaker):
            return None
        return f"it lacks the tags {', '.join(f'{key}={value}' for key, value in self._tags.items())}"

    def _note(self, kind: Kind, name: str, why: str) -> None:
        # SageMaker lower-cases names in ARNs, so that a physical id may be spelt in another way than the name.
        self._reasons[kind, name.lower()] = why
        if kind == "endpoint config":
            self._configs.add(name)


def _served_well(journal: Journal, releases: int) -> dict[str, int]:
    """The endpoint configs of the last versions that served well, with the version, newest first."""
    found: dict[int, str] = {}
    for outcome in journal.every(Outcome):
        if outcome.outcome == "deployed" and outcome.config and outcome.version not in journal.vetoes:
            found.setdefault(outcome.version, outcome.config)
    return {config: version for version, config in list(found.items())[:releases]}
