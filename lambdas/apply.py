"""The only function that may update a serving stack: it checks what it is asked and passes on a few parameters."""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import RequestError
from lambdas.journal import Journal
from lambdas.ledger import Ledger
from lambdas.place import stack_name
from lambdas.records import Opened
from lambdas.settings import from_environ
from lambdas.underway import START

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeModelPackageOutputTypeDef

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

_STACK_POLICY: Final = {
    # A forgotten parameter must fail an update instead of deleting what serves.
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["Update:Delete", "Update:Replace"],
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::SageMaker::Endpoint"]}},
        },
    ]
}

_ALREADY: Final = {
    "No updates are to be performed": "started",
    "TokenAlreadyExistsException": "started",
    # A deployment, or another delivery of the same event, came first: what ends that update asks again.
    "can not be updated": "busy",
}
_REFUSED: Final = frozenset(
    {"ValidationError", "AccessDenied", "AccessDeniedException", "InsufficientCapabilitiesException"}
)


_BASELINE: Final = "BaselineUri"
"""The parameter that only stacks have whose monitors SageMaker runs: they are held to the baseline of what serves."""
_CONSTRAINTS: Final = "/data-quality/constraints.json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage whose stacks it updates, where they are, and the ledger's table."""

    stage: str
    account: str
    region: str
    ledger: str


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


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, str]:
    """Ask the open release of the stack. `event` has `model` and `release_id`.

    With `recover` and `skip` (logical ids) it continues the stack's failed rollback instead. Gives `outcome`:
    `started`; `busy` when the stack is being updated; `closed` when the release is not open any more, not wanted or too
    old; `refused` with a `reason` when neither the package nor CloudFormation will have it.
    Raises RequestError for a model of which nothing is known, and what AWS raises when it is only out of sorts.
    """
    settings = from_environ(Settings, os.environ)
    journal = Ledger(settings.ledger, dynamodb=clients().dynamodb).read(event["model"])
    if event.get("recover"):
        answer = _recover(event, journal, settings, clients().cloudformation)
    else:
        answer = _release(event["release_id"], journal, settings, clients())
    _log.info("applied", extra={**event, **answer})
    return answer


def _release(release_id: str, journal: Journal, settings: Settings, clients: Clients) -> dict[str, str]:
    release = journal.open
    if not journal.records:
        raise RequestError(f"the ledger knows nothing of {journal.model}")
    if release is None or release.release_id != release_id or not _wanted(release, journal):
        return {"outcome": "closed"}
    package = clients.sagemaker.describe_model_package(ModelPackageName=release.package_arn)
    if reason := _unfit(release, journal.model, package):
        return {"outcome": "refused", "reason": reason}
    chosen = {
        "ModelPackageArn": release.package_arn,
        "ReleaseId": release.release_id,
        "Rollout": release.rollout,
        _BASELINE: baseline_uri(package),
    }
    return _update(chosen, journal.model, settings, clients.cloudformation)


def _wanted(release: Opened, journal: Journal) -> bool:
    given_up = release.version in journal.vetoes or journal.abort(release.release_id) is not None
    return not given_up and journal.now - release.at < START


def baseline_uri(package: DescribeModelPackageOutputTypeDef) -> str:
    """The folder with what a package's monitors are held to, by its DriftCheckBaselines; ``none`` where it has none."""
    held = package.get("DriftCheckBaselines", {}).get("ModelDataQuality", {}).get("Constraints", {})
    uri = held.get("S3Uri", "")
    return uri.removesuffix(_CONSTRAINTS) if uri.endswith(_CONSTRAINTS) else "none"


def _unfit(release: Opened, model: str, package: DescribeModelPackageOutputTypeDef) -> str | None:
    if package.get("ModelPackageGroupName") != model:
        return f"{release.package_arn} is not a package of {model}"
    if package.get("ModelApprovalStatus") != "Approved":
        return f"{release.package_arn} is {package.get('ModelApprovalStatus')}, not Approved"
    return None


def _update(
    chosen: Mapping[str, str], model: str, settings: Settings, cloudformation: CloudFormationClient
) -> dict[str, str]:
    stack = stack_name(model, stage=settings.stage)
    try:
        cloudformation.update_stack(
            StackName=stack,
            UsePreviousTemplate=True,
            Parameters=_parameters(chosen, cloudformation.describe_stacks(StackName=stack)["Stacks"][0]),
            RoleARN=_role(model, settings),
            StackPolicyBody=json.dumps(_STACK_POLICY),
            ClientRequestToken=chosen["ReleaseId"],
        )
    except ClientError as error:
        return _explained(error)
    return {"outcome": "started"}


def _parameters(chosen: Mapping[str, str], stack: StackTypeDef) -> list[ParameterTypeDef]:
    """What the release chooses; whatever else the stack has stays as it is."""
    has = [parameter["ParameterKey"] for parameter in stack.get("Parameters", [])]
    given = {key: value for key, value in chosen.items() if key != _BASELINE or key in has}
    changed: list[ParameterTypeDef] = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    kept: list[ParameterTypeDef] = [{"ParameterKey": key, "UsePreviousValue": True} for key in has if key not in given]
    return changed + kept


def _recover(
    event: dict[str, Any], journal: Journal, settings: Settings, cloudformation: CloudFormationClient
) -> dict[str, str]:
    """Continue a failed rollback (AWS CloudFormation API Reference, "ContinueUpdateRollback")."""
    attempts = journal.recoveries()
    if not attempts:
        return {"outcome": "closed"}
    skipped: Any = {"ResourcesToSkip": event["skip"]} if event.get("skip") else {}
    try:
        cloudformation.continue_update_rollback(
            StackName=stack_name(journal.model, stage=settings.stage),
            RoleARN=_role(journal.model, settings),
            ClientRequestToken=f"recovery-{attempts[0].sequence}",
            **skipped,
        )
    except ClientError as error:
        return _explained(error)
    return {"outcome": "started"}


def _explained(error: ClientError) -> dict[str, str]:
    """What CloudFormation's refusal means. Raises it again when it is only out of sorts: throttled, unavailable."""
    text = str(error)
    for phrase, outcome in _ALREADY.items():
        if phrase in text:
            return {"outcome": outcome}
    if error.response["Error"]["Code"] not in _REFUSED:
        raise error
    return {"outcome": "refused", "reason": text}


def _role(model: str, settings: Settings) -> str:
    return f"arn:aws:iam::{settings.account}:role/sluice-{settings.stage}-deploy-{model}"
