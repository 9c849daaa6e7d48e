"""Each minute of a release: sees that the new fleet is tested at all, and asks the release function to go on."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas import bake, endpoint, probing, sample, traffic
from lambdas.errors import LambdaError, SampleError
from lambdas.journal import Journal
from lambdas.ledger import Ledger, write
from lambdas.records import Abort, Opened
from lambdas.settings import from_environ
from lambdas.trial import NAMESPACE, PROBES, Trial, measure, untested
from lambdas.trial import Probe as Probe
from lambdas.waking import wake

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

_NUMBERS = 100_000
"""The numbers that the probes of one minute may bear, so that no two of a release bear the same."""
_CONNECT_SECONDS = 5
_RESERVE_SECONDS = 5.0 + _CONNECT_SECONDS + probing.PATIENCE_SECONDS
"""What is left of the function's time when it stops to send probes: the last ones may take all their patience."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage, its ledger's table, the release function's name, how models are probed."""

    stage: str
    ledger: str
    release_function: str
    models: Mapping[str, Probe]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    cloudwatch: CloudWatchClient
    dynamodb: DynamoDBClient
    functions: LambdaClient
    runtime: SageMakerRuntimeClient
    s3: S3Client
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3
    from botocore.config import Config

    # A probe that fails is a result: it is not repeated, and a fleet that hangs must not hold up the others.
    once = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=probing.PATIENCE_SECONDS,
        max_pool_connections=probing.THREADS,
    )
    return Clients(
        cloudwatch=boto3.client("cloudwatch"),
        dynamodb=boto3.client("dynamodb"),
        functions=boto3.client("lambda"),
        runtime=boto3.client("sagemaker-runtime", config=once),
        s3=boto3.client("s3"),
        sagemaker=boto3.client("sagemaker"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Watch every model of the stage that has something under way or due. `event` is not looked at.

    A guarded release is judged when a bake ends: if the new fleet has seen too few requests in each minute, it shall go
    back (`abort` in the ledger). Then the release function is asked to go on, and last, since it takes longest, probes
    are sent for what real traffic will not bring. Gives for each model its release, in a bake also `sent` and `errors`.
    Raises LambdaError when a model could not be watched, after all the others were.
    """
    settings, made = from_environ(Settings, os.environ), clients()
    remaining = getattr(context, "get_remaining_time_in_millis", lambda: 60_000)
    reports: dict[str, Any] = {}
    trials: dict[str, Trial] = {}
    failures: list[str] = []
    for model in settings.models:
        try:
            reports |= _look(model, settings, made, trials=trials)
        except (ClientError, BotoCoreError, LambdaError) as error:
            failures.append(f"{model}: {error}")
    for model, trial in trials.items():
        seconds = remaining() / 1000 - _RESERVE_SECONDS
        try:
            reports[model] |= _probe(model, trial, settings, clients=made, seconds=seconds)
        except (ClientError, BotoCoreError) as error:
            failures.append(f"{model}: {error}")
    _log.info("watched", extra={"models": reports, "failures": failures})
    if failures:
        raise LambdaError("; ".join(failures))
    return reports


def _look(model: str, settings: Settings, clients: Clients, *, trials: dict[str, Trial]) -> dict[str, Any]:
    """Judge the release of a model, if one is under way, and wake the release function where something may be due."""
    ledger = Ledger(settings.ledger, dynamodb=clients.dynamodb)
    journal = ledger.read(model)
    if not journal.restless:
        return {}
    try:
        if trial := _trial(journal, settings, clients):
            if reason := untested(trial, minimum=settings.models[model].minimum_invocations):
                write(ledger, model, lambda newest: _abort(trial.release, newest, reason))
            else:
                trials[model] = trial
    finally:
        wake(settings.release_function, model, clients.functions)
    return {model: {"release": journal.open.release_id}} if journal.open else {}


def _trial(journal: Journal, settings: Settings, clients: Clients) -> Trial | None:
    """The bake of the open release, None when there is none, or when it is decided already that the release goes."""
    release = journal.open
    if release is None or release.rollout != "guarded" or journal.started(release.release_id) is None:
        return None
    if release.version in journal.vetoes or journal.abort(release.release_id):
        return None
    described = endpoint.describe(journal.model, stage=settings.stage, sagemaker=clients.sagemaker)
    found = bake.of(described) if described else None
    if described is None or found is None:
        return None
    seen = measure(found, endpoint=described["EndpointName"], now=journal.now, cloudwatch=clients.cloudwatch)
    rows, hindrance = _rows(release, settings.models[journal.model], clients)
    return Trial(release=release, bake=found, seen=seen, rows=tuple(rows), hindrance=hindrance, now=journal.now)


def _rows(release: Opened, probe: Probe, clients: Clients) -> tuple[list[sample.Row], str]:
    """What a release can be probed with, or why with nothing. A sample that cannot be read must not stop the judge."""
    if not probe.enabled:
        return [], "probing is switched off (serving.probe)"
    try:
        rows = sample.of_package(release.package_arn, sagemaker=clients.sagemaker, s3=clients.s3)
    except SampleError as error:
        return [], f"the sample payload of version {release.version} is of no use: {error}"
    return rows, "" if rows else f"version {release.version} has no sample payload to probe it with"


def _abort(release: Opened, journal: Journal, reason: str) -> Abort | None:
    if journal.open != release or journal.abort(release.release_id):
        return None
    return Abort(release_id=release.release_id, reason=reason, by="sluice")


def _probe(model: str, trial: Trial, settings: Settings, *, clients: Clients, seconds: float) -> dict[str, int]:
    """Send what real traffic is not expected to bring to the new fleet in a minute."""
    wanted = traffic.needed(minimum=settings.models[model].minimum_invocations, share=trial.bake.share)
    missing = wanted - traffic.real(requests=trial.seen.requests, probes=trial.seen.probes)
    if missing <= 0 or not trial.rows:
        return {"sent": 0, "errors": 0}
    name = f"{model}-{settings.stage}"
    # Before they are sent: should this end half way, real traffic is taken for smaller than it is, not for greater.
    clients.cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": PROBES,
                "Dimensions": [{"Name": "EndpointName", "Value": name}],
                "Value": missing,
                "Unit": "Count",
            }
        ],
    )
    passed = int((trial.now - trial.bake.since) / timedelta(minutes=1))
    turn = passed * wanted % len(trial.rows)
    burst = probing.Burst(
        endpoint=name,
        release_id=trial.release.release_id,
        rows=trial.rows[turn:] + trial.rows[:turn],
        first=passed * _NUMBERS,
        count=missing,
    )
    return probing.send(burst, runtime=clients.runtime, seconds=seconds)
