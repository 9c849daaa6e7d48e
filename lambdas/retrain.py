"""Trains a model anew when what it sees has drifted: every event asks one question, whether that should begin now."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas import origin
from lambdas.drift import Data, Drift, name
from lambdas.drift import Policy as Policy
from lambdas.errors import Conflict, EventError, LambdaError, VerdictError
from lambdas.ledger import Ledger
from lambdas.looking import Eyes, look
from lambdas.place import Place
from lambdas.records import Gathering, Retraining, RetrainingStarted
from lambdas.retraining import Append, Collect, Start, Wait, decide, given_up, started
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

_TURNS: Final = 8
_NAMESPACE: Final = "Sluice/Monitoring"
_REFUSED: Final = ("ValidationException", "ResourceNotFound", "ResourceNotFoundException")
"""What SageMaker answers when it has certainly started nothing, and would not the next time either."""

PARAMETERS: Final = ("InputData", "Reason", "Report")
"""The parameters of a pipeline that a retraining gives: what is trained on, why, and where it can be read."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment.

    `registry` is the ARN prefix of the account that owns the packages, `ledger` a DynamoDB table's name, `captures` the
    bucket with the monitor's reports, `monitor_function` the name of the function that gathers labelled rows.
    """

    stage: str
    registry: str
    ledger: str
    captures: str
    monitor_function: str
    models: Mapping[str, Policy]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    cloudwatch: CloudWatchClient
    dynamodb: DynamoDBClient
    functions: LambdaClient
    s3: S3Client
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3
    from botocore.config import Config

    # Gathering rows takes minutes, and is not to be asked for twice at once.
    patient = Config(read_timeout=840, tcp_keepalive=True, retries={"total_max_attempts": 1})
    return Clients(
        cloudwatch=boto3.client("cloudwatch"),
        dynamodb=boto3.client("dynamodb"),
        functions=boto3.client("lambda", config=patient),
        s3=boto3.client("s3"),
        sagemaker=boto3.client("sagemaker"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Look at the models an event speaks of, and start their pipelines where that should be done now.

    Gives what was done by model, `{"models": {"churn": ["wrote retraining", …, "waits: …"]}}`. Raises LambdaError when
    a model could not be looked at, once the others were: the event is delivered again, and the tick asks anyway.
    """
    settings = from_environ(Settings, os.environ)
    reports: dict[str, list[str]] = {}
    failures = []
    for model in parse(event, settings):
        reports[model] = []
        try:
            Trainer(model, settings, clients()).look_after(reports[model])
        except (ClientError, BotoCoreError, LambdaError) as error:
            failures.append(f"{model}: {error}")
        _log.info("looked after", extra={"model": model, "did": reports[model]})
    if failures:
        raise LambdaError("; ".join(failures))
    return {"models": reports}


def parse(event: dict[str, Any], settings: Settings) -> list[str]:
    """The models of this stage that an event speaks of.

    Raises EventError for an event no rule of ours lets through. Shapes: "Alarm events and EventBridge"; the monitor's
    own event has `stage` and `model`.
    """
    if "model" in event:
        return [event["model"]] if event["model"] in settings.models else []
    detail = event.get("detail", {})
    match event.get("detail-type"):
        case "Monitoring run ended":
            named = [detail.get("model")] if detail.get("stage") == settings.stage else []
        case "CloudWatch Alarm State Change":
            alarm = detail.get("alarmName")
            named = [model for model, policy in settings.models.items() if alarm in policy.alarms.values()]
        case "Scheduled Event":
            named = list(settings.models)
        case other:
            raise EventError(f"no rule of ours sends {other!r}")
    return [model for model in named if model in settings.models]


class Trainer:
    """Who looks after one model."""

    def __init__(self, model: str, settings: Settings, clients: Clients) -> None:
        self._model, self._settings, self._clients = model, settings, clients
        self._policy = settings.models[model]
        self._place = Place(stage=settings.stage, model=model, registry=settings.registry)
        self._eyes = Eyes(cloudwatch=clients.cloudwatch, s3=clients.s3, sagemaker=clients.sagemaker)
        self._ledger = Ledger(settings.ledger, dynamodb=clients.dynamodb)

    def look_after(self, report: list[str]) -> None:
        """Decide and act, each time on what is then, until the answer is to wait; tell it in `report`."""
        data: Data | None = None
        claim = 0
        for _ in range(_TURNS):
            drift = replace(self._look(), data=data, claim=claim)
            action = decide(drift)
            if isinstance(action, Wait):
                report.append(f"waits: {action.reason}")
                return
            if isinstance(action, Collect):
                data = self._collect()
                report.append(f"gathered {data.rows} rows with labels")
                continue
            try:
                report.append(self._act(action, drift))
            except Conflict:
                continue  # somebody else was first: look again
            if isinstance(action, Append) and isinstance(action.record, Gathering):
                claim = drift.journal.last + 1

    def _look(self) -> Drift:
        journal = self._ledger.read(self._model)
        return look(self._place, journal=journal, policy=self._policy, reports=self._settings.captures, eyes=self._eyes)

    def _collect(self) -> Data:
        """Have the monitor gather the rows of the last hours whose labels are known. Raises VerdictError."""
        request = {"action": "training-data", "model": self._model, "hours": self._policy.lookback_hours}
        function = self._settings.monitor_function
        answer = self._clients.functions.invoke(FunctionName=function, Payload=json.dumps(request).encode())
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise LambdaError(f"{function} failed: {said.get('errorMessage')}")
        try:
            return Data(uri=said["uri"], rows=int(said["rows"]), sha256=said["sha256"])
        except (KeyError, TypeError, ValueError) as error:
            raise VerdictError(f"{function} gave no labelled rows: {error!r} in {said}") from error

    def _act(self, action: Append | Start, drift: Drift) -> str:
        """Write what was decided, or start the pipeline; gives what was done in a few words."""
        if isinstance(action, Append):
            self._ledger.append(drift.journal, action.record)
            if isinstance(action.record, RetrainingStarted):
                self._count()
            return f"wrote {action.record.kind}"
        retraining = action.retraining
        try:
            execution = self._start(retraining)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSED:
                raise
            why = f"SageMaker refused to start {self._policy.pipeline}: {error.response['Error']['Message']}"
            self._ledger.append(drift.journal, given_up(retraining, why))
            return why
        self._ledger.append(drift.journal, started(retraining, execution))
        self._count()
        return f"started {execution}"

    def _start(self, retraining: Retraining) -> str:
        """Start the pipeline on the drifted rows; the token makes one execution of whatever is asked again."""
        given = zip(PARAMETERS, (retraining.data, retraining.reason, retraining.report), strict=True)
        package, sagemaker = self._place.package(retraining.version), self._clients.sagemaker
        code = origin.commit(package, pipeline=self._policy.pipeline, sagemaker=sagemaker)
        values = {origin.PARAMETER: code, **self._policy.parameters, **dict(given)}
        key = f"{self._settings.stage}/{self._model}/{retraining.sequence}/{retraining.at.isoformat()}"
        answer = sagemaker.start_pipeline_execution(
            PipelineName=self._policy.pipeline,
            PipelineExecutionDisplayName=name(retraining),
            PipelineExecutionDescription=retraining.reason,
            PipelineParameters=[{"Name": parameter, "Value": value} for parameter, value in values.items() if value],
            ClientRequestToken=hashlib.sha256(key.encode()).hexdigest(),
        )
        return answer["PipelineExecutionArn"]

    def _count(self) -> None:
        """Put a retraining among the metrics. The ledger has it already: one that is not counted is not lost."""
        dimensions = [{"Name": "Endpoint", "Value": self._place.endpoint}]
        point: Any = {"MetricName": "Retrainings", "Dimensions": dimensions, "Value": 1, "Unit": "Count"}
        try:
            self._clients.cloudwatch.put_metric_data(Namespace=_NAMESPACE, MetricData=[point])
        except (ClientError, BotoCoreError) as error:
            _log.warning("could not count a retraining", extra={"model": self._model, "error": str(error)})
