"""Every event of a model's release asks one question: what should serve, what does, what is under way?"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.act import Hands, act
from lambdas.actions import Wait
from lambdas.decide import decide
from lambdas.errors import Conflict, EventError, LambdaError
from lambdas.ledger import Ledger
from lambdas.observe import Eyes, Rules, observe
from lambdas.place import Place
from lambdas.settings import from_environ
from lambdas.situation import ReleasePolicy as ReleasePolicy

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient

_TURNS: Final = 10
_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


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
    cloudwatch: CloudWatchClient
    dynamodb: DynamoDBClient
    functions: LambdaClient
    s3: S3Client
    sagemaker: SageMakerClient
    sns: SNSClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3

    return Clients(
        cloudformation=boto3.client("cloudformation"),
        cloudwatch=boto3.client("cloudwatch"),
        dynamodb=boto3.client("dynamodb"),
        functions=boto3.client("lambda"),
        s3=boto3.client("s3"),
        sagemaker=boto3.client("sagemaker"),
        sns=boto3.client("sns"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Look at the models an event speaks of, decide and act until there is nothing more to do now.

    Gives what was done by model, `{"models": {"churn": ["opened r7-v3", …, "waits: …"]}}`. Raises LambdaError when a
    model could not be looked after, once the others were: the event is delivered again, and the tick asks anyway.
    """
    settings = from_environ(Settings, os.environ)
    reports: dict[str, list[str]] = {}
    failures = []
    for model in parse(event, settings):
        reports[model] = []
        try:
            _look_after(model, settings, clients(), report=reports[model])
        except (ClientError, BotoCoreError, LambdaError) as error:
            failures.append(f"{model}: {error}")
        _log.info("looked after", extra={"model": model, "did": reports[model]})
    if failures:
        raise LambdaError("; ".join(failures))
    return {"models": reports}


def parse(event: dict[str, Any], settings: Settings) -> list[str]:
    """The models of this stage that an event speaks of.

    Raises EventError for an event no rule of ours lets through. Shapes: "Automating SageMaker AI with Amazon
    EventBridge", "Managing events with CloudFormation and Amazon EventBridge", "Alarm events and EventBridge".
    """
    if "model" in event:
        return [event["model"]] if event["model"] in settings.models else []
    detail = event.get("detail", {})
    match event.get("detail-type"):
        case "SageMaker Model Package State Change":
            name = detail.get("ModelPackageGroupName", "")
        case "SageMaker Endpoint State Change" | "SageMaker Endpoint Deployment State Change":
            name = detail.get("EndpointName", "").removesuffix(f"-{settings.stage}")
        case "CloudFormation Stack Status Change":
            stack = detail.get("stack-id", "").split("/")[1:2]
            name = "".join(stack).removeprefix(f"sluice-{settings.stage}-serving-")
        case "CloudWatch Alarm State Change":
            name = detail.get("alarmName", "").removesuffix(f"-{settings.stage}-backstop")
        case "Scheduled Event":
            return list(settings.models)
        case other:
            raise EventError(f"no rule of ours sends {other!r}")
    return [name] if name in settings.models else []


def _look_after(model: str, settings: Settings, clients: Clients, *, report: list[str]) -> None:
    """Decide and act, each time on what is then, until the answer is to wait."""
    place = Place(stage=settings.stage, model=model, registry=settings.registry)
    rules = Rules(policy=settings.models[model], first=settings.first, may_reject_deployed=settings.may_reject_deployed)
    eyes = Eyes(cloudformation=clients.cloudformation, cloudwatch=clients.cloudwatch, sagemaker=clients.sagemaker)
    hands = _hands(settings, clients)
    barred: frozenset[int] = frozenset()
    for _ in range(_TURNS):
        journal = hands.ledger.read(model)
        situation = observe(place, journal=journal, rules=rules, eyes=eyes, barred=barred)
        action = decide(situation)
        if isinstance(action, Wait):
            report.append(f"waits: {action.reason}")
            return
        try:
            done = act(action, situation, hands)
        except Conflict:
            continue  # somebody else was first: look again
        report.append(done.report)
        barred |= done.barred
        if done.ends:
            return


def _hands(settings: Settings, clients: Clients) -> Hands:
    return Hands(
        stage=settings.stage,
        apply_function=settings.apply_function,
        topic=settings.topic,
        ledger=Ledger(settings.ledger, dynamodb=clients.dynamodb),
        cloudwatch=clients.cloudwatch,
        functions=clients.functions,
        s3=clients.s3,
        sagemaker=clients.sagemaker,
        sns=clients.sns,
    )
