"""`sluice status` and `sluice invoke`: what serves now, and its answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from cli import stacks
from cli.connection import Connection, connect, stage_option
from cli.errors import CliError, WrongUseError
from cli.printing import json_option, print_rows
from env import naming

_NOT_SERVING = ("Creating", "Failed", "OutOfService", "Deleting")
"""Endpoint states in which no fleet takes traffic; in all others the old or the new one does."""

_CONTENT_TYPES = {".csv": "text/csv", ".json": "application/json"}


@click.command()
@click.argument("model", required=False)
@stage_option
@json_option
def status(model: str | None, stage: str | None, as_json: bool) -> None:
    """Show what serves now, for MODEL or for every model of the stage."""
    connection = connect(stage)
    wanted = [connection.model(model)] if model else list(connection.stage.models)
    print_rows([state(connection, name) for name in wanted], as_json=as_json, empty="the stage has no models")


@click.command()
@click.argument("model")
@stage_option
@click.option("--data", required=True, help="A .csv or .json file of requests, or - for standard input.")
@click.option("--content-type", help="What the file is, when its name does not tell.")
@click.option("--accept", default="text/csv", show_default=True, help="What the answer is to be.")
def invoke(model: str, stage: str | None, data: str, content_type: str | None, accept: str) -> None:
    """Score a file of rows with what the stage serves; the answer goes to standard output."""
    connection = connect(stage)
    body, kind = _body(data, content_type)
    answer = score(connection, connection.model(model), body, content_type=kind, accept=accept)
    click.echo(answer.rstrip(b"\n"))  # bytes: a model may answer in any type


def state(connection: Connection, model: str) -> dict[str, Any]:
    """What a model's stack, endpoint and alarms say now. A missing one is None."""
    stack = stacks.describe(connection, naming.stack(connection.stage, "serving", model))
    endpoint = describe_endpoint(connection, model)
    live = live_package(connection, model)
    pending = (endpoint or {}).get("PendingDeploymentSummary")
    variants = (endpoint or {}).get("ProductionVariants", [])
    return {
        "model": model,
        "serves": f"{model}/{live.rsplit('/', 1)[1]}" if live else None,
        "endpoint": endpoint["EndpointStatus"] if endpoint else None,
        "instances": sum(variant.get("CurrentInstanceCount", 0) for variant in variants) if endpoint else None,
        "deploying": pending["EndpointConfigName"] if pending else None,
        "stack": stack["StackStatus"] if stack else None,
        "release": _parameter(stack, "ReleaseId"),
        "alarms": _ringing(connection, endpoint),
    }


def describe_endpoint(connection: Connection, model: str) -> dict[str, Any] | None:
    """The endpoint as SageMaker describes it, None when there is none."""
    name = naming.endpoint(connection.stage, model)
    try:
        endpoint: dict[str, Any] = connection.client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find endpoint" in str(error):
            return None
        raise
    return endpoint


def live_package(connection: Connection, model: str) -> str | None:
    """The ARN of the package whose fleet takes traffic: what DescribeEndpoint says, never what was last approved."""
    endpoint = describe_endpoint(connection, model)
    if endpoint is None or endpoint["EndpointStatus"] in _NOT_SERVING:
        return None
    sagemaker = connection.client("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    served = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    containers = served.get("Containers") or [served.get("PrimaryContainer", {})]
    package: str | None = containers[0].get("ModelPackageName")
    return package


def score(connection: Connection, model: str, body: bytes, *, content_type: str, accept: str) -> bytes:
    """The answer to one request, as bytes of type `accept`.

    Raises CliError when nothing serves, and with the model's own words when it refuses the request.
    """
    runtime = connection.client("sagemaker-runtime")
    endpoint = naming.endpoint(connection.stage, model)
    try:
        answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=body, ContentType=content_type, Accept=accept)
    except ClientError as error:
        raise CliError(_refusal(error, connection, model)) from error
    scored: bytes = answer["Body"].read()
    return scored


def _refusal(error: ClientError, connection: Connection, model: str) -> str:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code == "ModelError":
        status_code = error.response.get("OriginalStatusCode", "an error")
        return f"the model answers {status_code}: {error.response.get('OriginalMessage', '')}"
    if code == "ValidationError" and "not found" in message:
        remedy = f"approve a version first (`sluice models {model}` lists them)"
        return f"nothing serves {model} in stage {connection.stage.name} ({message}): {remedy}"
    return str(error)


def _body(data: str, content_type: str | None) -> tuple[bytes, str]:
    if data == "-":
        return sys.stdin.buffer.read(), content_type or "text/csv"
    file = Path(data)
    kind = content_type or _CONTENT_TYPES.get(file.suffix.lower())
    if kind is None:
        raise WrongUseError(f"{data}: its name does not tell what it is: say it with --content-type")
    try:
        return file.read_bytes(), kind
    except OSError as error:
        raise WrongUseError(f"{data} cannot be read: {error.strerror}") from error


def _parameter(stack: dict[str, Any] | None, key: str) -> str | None:
    values = {item["ParameterKey"]: item["ParameterValue"] for item in (stack or {}).get("Parameters", [])}
    value: str | None = values.get(key)
    return None if value == "none" else value


def _ringing(connection: Connection, endpoint: dict[str, Any] | None) -> str | None:
    if endpoint is None:
        return None
    config = endpoint.get("EndpointConfigName", "")
    pages = connection.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=config)
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    ringing = [alarm["AlarmName"].removeprefix(f"{config}-") for alarm in alarms if alarm["StateValue"] == "ALARM"]
    return ", ".join(ringing) if ringing else f"none of {len(alarms)} rings"
