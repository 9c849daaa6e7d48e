"""A person wants a version to go: it is vetoed for the stage, and the release function does the rest."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas import endpoint
from lambdas.errors import RequestError
from lambdas.journal import Journal
from lambdas.ledger import Ledger, write
from lambdas.records import Opened, Veto
from lambdas.request import Clients as Clients
from lambdas.request import Request, live, parse
from lambdas.settings import from_environ
from lambdas.waking import wake

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage, its models, its ledger's table and the name of the release function."""

    stage: str
    models: tuple[str, ...]
    ledger: str
    release_function: str


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Veto a version for the stage. `event` has `model`, `reason`, `by` (the person's ARN) and maybe `version`.

    Without `version` that is the release under way, else what serves. Gives `vetoed` and `returns_to` (versions, or
    None) and `effect`: when the version stops to serve. The same request again vetoes nothing else: while the way back
    is under way, it is what is being left that counts as serving. The only version left is not vetoed: it would serve
    on, and nothing could ever return to it.
    Raises RequestError for a version that neither serves nor is under way, and for a request that names no model of
    the stage, nobody or no reason.
    """
    settings = from_environ(Settings, os.environ)
    request = parse(event, stage=settings.stage, models=settings.models)
    made = clients()
    sight = Sight(request, settings, made.sagemaker)
    journal = write(Ledger(settings.ledger, dynamodb=made.dynamodb), request.model, sight.veto)
    answer = sight.answer(journal)
    wake(settings.release_function, request.model, made.functions)
    _log.info("vetoed", extra={**answer, "by": request.by, "reason": request.reason})
    return answer


class Sight:
    """What a person who asks for a rollback looks at: the journal, and what serves by its light."""

    def __init__(self, request: Request, settings: Settings, sagemaker: SageMakerClient) -> None:
        self._request, self._stage, self._sagemaker = request, settings.stage, sagemaker
        self._endpoint = endpoint.describe(request.model, stage=settings.stage, sagemaker=sagemaker)

    def veto(self, journal: Journal) -> Veto | None:
        """The veto that is asked for; None when it stands in the ledger already, or would leave nothing to serve.

        Raises RequestError.
        """
        version = self._meant(journal)
        if version in journal.vetoes or self._alone(version, journal):
            return None
        return Veto(version=version, by=self._request.by, cause="person", reason=self._request.reason)

    def answer(self, journal: Journal) -> dict[str, Any]:
        """What will come of it, for the person."""
        version = self._meant(journal)
        vetoed = version if version in journal.vetoes else None
        back = self._returns_to(journal) if vetoed else None
        effect = self._effect(version, journal) if back is not None else "nothing to go back to"
        return {"model": self._request.model, "vetoed": vetoed, "returns_to": back, "effect": effect}

    def _alone(self, version: int, journal: Journal) -> bool:
        """Whether a version serves, nothing is under way, and no other version could return."""
        if journal.open is not None:
            return False
        return not any(opened.version != version and self._approved(opened) for opened in journal.served_well())

    def _meant(self, journal: Journal) -> int:
        where = f"{self._request.model} in stage {self._stage}"
        candidates = [version for version in self._candidates(journal) if version is not None]
        if not candidates:
            raise RequestError(f"nothing serves as {where} and no release is under way: there is nothing to roll back")
        if self._request.version is None:
            return candidates[0]
        if self._request.version not in candidates:
            known = " and ".join(str(version) for version in dict.fromkeys(candidates))
            raise RequestError(
                f"version {self._request.version} is not what serves as {where}, nor is its release under way: "
                f"ask for {known}, or leave the version out"
            )
        return self._request.version

    def _candidates(self, journal: Journal) -> list[int | None]:
        """The versions that can be vetoed, the one that is meant without a word first."""
        release, serves = journal.open, self._serving(journal)
        if release is None:
            return [serves]
        if release.cause == "approval":
            return [release.version, serves]
        left = journal.opened.get(release.follows)
        return [left.version if left and release.cause == "rollback" else serves, serves, release.version]

    def _serving(self, journal: Journal) -> int | None:
        outcome = endpoint.serving(journal, self._endpoint)
        return outcome.version if outcome else None

    def _returns_to(self, journal: Journal) -> int | None:
        release, serves = journal.open, self._serving(journal)
        if release is not None and release.version not in journal.vetoes:
            return release.version
        if serves is not None and serves not in journal.vetoes:
            return serves
        return next((opened.version for opened in journal.served_well() if self._approved(opened)), None)

    def _approved(self, opened: Opened) -> bool:
        try:
            package = self._sagemaker.describe_model_package(ModelPackageName=opened.package_arn)
        except self._sagemaker.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
                return False
            raise
        return package.get("ModelApprovalStatus") == "Approved"

    def _effect(self, vetoed: int, journal: Journal) -> str:
        """When the version stops to serve: no API stops an update, but a guarded one obeys its alarms in a bake."""
        release = journal.open
        if release is None:
            return "now"
        if release.version == vetoed and release.rollout == "guarded":
            return "at the next bake"
        return f"when release {release.release_id} has ended"
