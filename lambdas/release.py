"""Every event of a model's release asks one question: what should serve, what does, what is under way?"""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.decide import Observed, Package, Release, Serving, Wait, decide
from lambdas.errors import EventError, LambdaError
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sagemaker import SageMakerClient

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


@dataclass(frozen=True, kw_only=True)
class ReleasePolicy:
    """How a model is released in this stage.

    `two_people`: who trained a version may not approve it. An approval is good for `approval_valid_hours`. The backstop
    alarm vetoes a version up to `watch_hours` after its release; `backstop_seconds` are its periods together.
    """

    two_people: bool
    approval_valid_hours: int
    watch_hours: int
    backstop_seconds: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment.

    `first` says that the registry's `Approved` admits a package to this stage; a later stage needs a record of its own.
    `may_reject_deployed` says that a vetoed version becomes `Rejected` in the registry even if it was deployed here: no
    other stage can serve it. `registry` is the ARN prefix of the account that owns the packages,
    `arn:aws:sagemaker:<region>:<account>`. `ledger` is a DynamoDB table's name, `topic` an SNS topic's ARN.
    """

    stage: str
    first: bool
    may_reject_deployed: bool
    registry: str
    apply_function: str
    ledger: str
    topic: str
    models: Mapping[str, ReleasePolicy]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    cloudformation: CloudFormationClient
    functions: LambdaClient
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3

    return Clients(
        cloudformation=boto3.client("cloudformation"),
        functions=boto3.client("lambda"),
        sagemaker=boto3.client("sagemaker"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Look at the model an event speaks of, decide, and act at most once. Gives what was decided and why."""
    settings = from_environ(Settings, os.environ)
    model = parse(event, settings)
    if model is None:
        return {"action": "ignore", "reason": "the event is of no model of this stage"}
    action = decide(observe(model, settings, clients()))
    report = act(action, model, settings, clients())
    _log.info("decided", extra={"model": model, **report})
    return {"model": model, **report}


def parse(event: dict[str, Any], settings: Settings) -> str | None:
    """The model an event speaks of, None when it is none of this stage's.

    Raises EventError for an event no rule of ours lets through. Shapes: "Automating SageMaker AI with Amazon
    EventBridge" and "Managing events with CloudFormation and Amazon EventBridge".
    """
    detail = event.get("detail", {})
    match event.get("detail-type"):
        case "SageMaker Model Package State Change":
            name = detail.get("ModelPackageGroupName", "")
        case "SageMaker Endpoint State Change":
            name = detail.get("EndpointName", "").removesuffix(f"-{settings.stage}")
        case "CloudFormation Stack Status Change":
            stack = detail.get("stack-id", "").split("/")[1:2]
            name = "".join(stack).removeprefix(f"sluice-{settings.stage}-serving-")
        case other:
            raise EventError(f"no rule of ours sends {other!r}")
    return name if name in settings.models else None


def observe(model: str, settings: Settings, clients: Clients) -> Observed:
    """What stands in the registry, in CloudFormation and in SageMaker for one model of the stage."""
    return Observed(
        approved=_newest_approved(model, settings, clients.sagemaker) if settings.first else None,
        serving=_serving(f"sluice-{settings.stage}-serving-{model}", clients.cloudformation),
        endpoint_status=_endpoint_status(f"{model}-{settings.stage}", clients.sagemaker),
    )


def act(action: Wait | Release, model: str, settings: Settings, clients: Clients) -> dict[str, Any]:
    """Carry the decision out: a release is asked of `apply`, the one function that may update the stack."""
    if isinstance(action, Wait):
        return {"action": "wait", "reason": action.reason}
    request = {"model": model, "package_arn": action.package.arn, "release_id": action.release_id}
    answer = clients.functions.invoke(FunctionName=settings.apply_function, Payload=json.dumps(request))
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LambdaError(f"{settings.apply_function} failed: {result.get('errorMessage')}")
    return {"action": "release", "version": action.package.version, "release_id": action.release_id, **result}


def _newest_approved(model: str, settings: Settings, sagemaker: SageMakerClient) -> Package | None:
    group = f"{settings.registry}:model-package-group/{model}"
    # The filter is applied after paging, so that an empty page may have a successor.
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    summaries = (summary for page in pages for summary in page["ModelPackageSummaryList"])
    newest = next((summary for summary in summaries if summary["ModelPackageStatus"] == "Completed"), None)
    if newest is None:
        return None
    described = sagemaker.describe_model_package(ModelPackageName=newest["ModelPackageArn"])
    changed = described.get("LastModifiedTime", described["CreationTime"])
    return Package(arn=newest["ModelPackageArn"], version=newest["ModelPackageVersion"], changed=changed)


def _serving(stack: str, cloudformation: CloudFormationClient) -> Serving | None:
    try:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in described.get("Parameters", [])}
    return Serving(
        status=described["StackStatus"],
        # A stack whose first change set waits for its execution has no parameters yet.
        package_arn=parameters.get("ModelPackageArn", "none"),
        release_id=parameters.get("ReleaseId", "none"),
        attempts=frozenset(_attempts(stack, cloudformation)),
    )


def _attempts(stack: str, cloudformation: CloudFormationClient) -> Iterator[str]:
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            if token := event.get("ClientRequestToken"):
                yield token


def _endpoint_status(endpoint: str, sagemaker: SageMakerClient) -> str | None:
    try:
        return sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]
    except sagemaker.exceptions.ClientError as error:
        # SageMaker says "not found" with a ValidationException: "Could not find endpoint …".
        if "Could not find endpoint" in str(error):
            return None
        raise
