"""Reads what a decision needs: the ledger, the registry, the stack, its events, the endpoint and its alarms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from lambdas import endpoint as endpoints
from lambdas import stack as stacks
from lambdas import tracing
from lambdas.journal import Journal
from lambdas.listening import listen
from lambdas.place import Place
from lambdas.registry import packages
from lambdas.situation import Endpoint, ReleasePolicy, Situation, Stack, Trace

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient

_CLOCKS: Final = timedelta(minutes=1)
"""How far the clocks of two AWS services may be apart."""


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """The clients that only look."""

    cloudformation: CloudFormationClient
    cloudwatch: CloudWatchClient
    sagemaker: SageMakerClient


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the stage says about a model's releases."""

    policy: ReleasePolicy
    first: bool
    may_reject_deployed: bool


def observe(place: Place, *, journal: Journal, rules: Rules, eyes: Eyes, barred: frozenset[int]) -> Situation:
    """What stands in the registry, in CloudFormation, SageMaker and CloudWatch for one model of the stage.

    The order matters, since the world moves on meanwhile: the stack, then its events, which know better if it has
    moved, then the endpoint.
    """
    release = journal.open
    stack = _stack(place.stack, eyes.cloudformation)
    events: list[Any] = []
    if stack and release:
        events = list(tracing.events_since(place.stack, release.at - _CLOCKS, eyes.cloudformation))
        stack = replace(stack, status=tracing.status(stack.status, events))
    if stack and stack.status == "UPDATE_ROLLBACK_FAILED":
        stack = replace(stack, failed=tracing.failed(tracing.events_since(place.stack, None, eyes.cloudformation)))
    endpoint = _endpoint(place, eyes.sagemaker)
    situation = Situation(
        journal=journal,
        registry=place.registry,
        policy=rules.policy,
        first=rules.first,
        may_reject_deployed=rules.may_reject_deployed,
        packages={},
        stack=stack,
        endpoint=endpoint,
        trace=tracing.trace(release, events) if release else Trace(),
        barred=barred,
    )
    situation = replace(situation, packages=packages(place, situation, eyes.sagemaker))
    return listen(place, situation, eyes.cloudwatch)


def _stack(name: str, cloudformation: CloudFormationClient) -> Stack | None:
    described = stacks.describe(name, cloudformation)
    if described is None:
        return None
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in described.get("Parameters", [])}
    # A stack whose first change set waits for its execution has no parameters yet.
    return Stack(
        status=described["StackStatus"],
        package_arn=parameters.get("ModelPackageArn", "none"),
        release_id=parameters.get("ReleaseId", "none"),
    )


def _endpoint(place: Place, sagemaker: SageMakerClient) -> Endpoint | None:
    described = endpoints.describe(place.model, stage=place.stage, sagemaker=sagemaker)
    if described is None:
        return None
    return Endpoint(
        status=described["EndpointStatus"],
        config=described.get("EndpointConfigName", ""),
        pending=described.get("PendingDeploymentSummary", {}).get("EndpointConfigName"),
    )
