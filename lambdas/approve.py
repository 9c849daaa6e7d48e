"""A person lets a version into a stage: later stages have a record for what `Approved` is to the first one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lambdas import endpoint
from lambdas.errors import RequestError
from lambdas.journal import Journal
from lambdas.ledger import Ledger, write
from lambdas.records import Approved, Outcome
from lambdas.request import Clients as Clients
from lambdas.request import live, parse
from lambdas.settings import from_environ
from lambdas.waking import wake

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


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


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Record an approval for this stage. `event` has `model`, `version`, `reason` and `by` (the person's ARN).

    Gives `model`, `version` and `stage`. Whether the approval holds otherwise (evidence, artefact, who trained) is
    checked where it is acted upon. Raises RequestError for a version that cannot come to serve: unknown to the
    registry or not Approved there, vetoed in this stage, serving already or on its way, not proven in the stage before.
    """
    settings = from_environ(Settings, os.environ)
    request = parse(event, stage=settings.stage, models=settings.models)
    if request.version is None:
        raise RequestError(f"version is missing: say which version of {request.model} is approved")
    made = clients()
    approval = Approved(version=request.version, by=request.by, reason=request.reason)
    _require_admitted(request.version, request.model, settings, made.sagemaker)
    described = endpoint.describe(request.model, stage=settings.stage, sagemaker=made.sagemaker)

    def decide(journal: Journal) -> Approved:
        _require_wanted(approval, journal, endpoint.serving(journal, described), settings.stage)
        _require_proven(approval, journal.model, settings, made.dynamodb)
        return approval

    write(Ledger(settings.ledger, dynamodb=made.dynamodb), request.model, decide)
    wake(settings.release_function, request.model, made.functions)
    answer = {"model": request.model, "version": request.version, "stage": settings.stage}
    _log.info("approved", extra={**answer, "by": request.by, "reason": request.reason})
    return answer


def _require_admitted(version: int, model: str, settings: Settings, sagemaker: SageMakerClient) -> None:
    """Raise unless the registry has the version, approved."""
    arn = f"{settings.registry}:model-package/{model}/{version}"
    try:
        status = sagemaker.describe_model_package(ModelPackageName=arn).get("ModelApprovalStatus")
    except sagemaker.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        remedy = f"`sluice models {model}` lists what there is"
        raise RequestError(f"the registry has no version {version} of {model}: {remedy}") from error
    if status != "Approved":
        remedy = f"`sluice approve {model}/{version}` without a stage approves it there"
        raise RequestError(f"version {version} of {model} is {status} in the registry: {remedy}")


def _require_wanted(approval: Approved, journal: Journal, serves: Outcome | None, stage: str) -> None:
    """Raise when the version is vetoed, on its way or there."""
    name, where = f"version {approval.version} of {journal.model}", f"in stage {stage}"
    if veto := journal.vetoes.get(approval.version):
        said = f"{name} was vetoed {where} on {veto.at:%Y-%m-%d %H:%M} UTC ({veto.reason})"
        raise RequestError(f"{said}: that is for good, register a new version")
    if journal.open is not None and journal.open.version == approval.version:
        raise RequestError(f"{name} is under way {where} already: release {journal.open.release_id}")
    if serves is not None and serves.version == approval.version:
        raise RequestError(f"{name} serves {where} already")


def _require_proven(approval: Approved, model: str, settings: Settings, dynamodb: DynamoDBClient) -> None:
    """Raise unless the version has served well in the stage before for as long as this stage asks."""
    if not settings.before_stage:
        return
    journal = Ledger(settings.before_ledger, dynamodb=dynamodb).read(model)
    name, before = f"version {approval.version} of {model}", f"stage {settings.before_stage}"
    if veto := journal.vetoes.get(approval.version):
        raise RequestError(f"{name} was vetoed in {before} ({veto.reason}): release another one")
    served = soaked(approval.version, journal)
    if served is None:
        raise RequestError(f"{name} was never deployed in {before}: it must serve there first")
    missing = timedelta(hours=settings.models[model]) - served
    if missing <= timedelta():
        return
    progress = f"{name} has served {served / timedelta(hours=1):.1f} of {settings.models[model]} hours in {before}"
    if journal.last_deployed is None or journal.last_deployed.version != approval.version:
        raise RequestError(f"{progress} and does not serve there any more: release it there again")
    raise RequestError(f"{progress}: approve it from {journal.now + missing:%Y-%m-%d %H:%M} UTC on")


def soaked(version: int, journal: Journal) -> timedelta | None:
    """How long a version has served in a stage, all its releases together; None when it never did."""
    deployed = [record for record in reversed(list(journal.every(Outcome))) if record.outcome == "deployed"]
    turns = [*(record.at for record in deployed), journal.now]
    spans = [end - record.at for record, end in zip(deployed, turns[1:], strict=True) if record.version == version]
    return sum(spans, timedelta()) if spans else None
