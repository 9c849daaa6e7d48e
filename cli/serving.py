"""`sluice invoke`, and what serves: the endpoint's own word for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from cli import ledger
from cli.connection import Connection, connect, stage_option
from cli.errors import CliError, WrongUseError
from cli.fleets import package_of
from env import naming

NOT_SERVING = ("Creating", "Failed", "OutOfService", "Deleting")
"""Endpoint states in which no fleet takes traffic; in all others the old or the new one does."""

_CONTENT_TYPES = {".csv": "text/csv", ".json": "application/json"}


@click.command()
@click.argument("model")
@stage_option
@click.option("--data", required=True, help="A .csv or .json file of requests, or - for standard input.")
@click.option("--content-type", help="What the file is, when its name does not tell.")
@click.option("--accept", default="text/csv", show_default=True, help="What the answer is to be.")
@click.option("--inference-id", help="The name by which `sluice labels push` tells later what became of it.")
def invoke(
    model: str, *, stage: str | None, data: str, content_type: str | None, accept: str, inference_id: str | None
) -> None:
    """Score a file of rows with what the stage serves; the answer goes to standard output.

    With --inference-id each row of several has an id of its own: the given one, a slash, and its number from 0.
    """
    connection = connect(stage)
    body, kind = _body(data, content_type)
    answer = score(
        connection, connection.model(model), body, content_type=kind, accept=accept, inference_id=inference_id
    )
    click.echo(answer.rstrip(b"\n"))  # bytes: a model may answer in any type


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
    """The ARN of the package whose fleet takes traffic: what DescribeEndpoint says, never what was last approved.

    Where the config that serves was deleted by hand, the ledger knows which release had put it there.
    """
    endpoint = describe_endpoint(connection, model)
    if endpoint is None or endpoint["EndpointStatus"] in NOT_SERVING:
        return None
    config = endpoint["EndpointConfigName"]
    if package := package_of(connection, config):
        return package
    released = ledger.release_of(ledger.records(connection, model), config)
    return package_arn(connection, model, released["version"]) if released else None


def package_arn(connection: Connection, model: str, version: int) -> str:
    """The ARN of a version in the registry of the stage's chain."""
    stage = connection.stage
    return f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}:model-package/{model}/{version}"


def live_version(connection: Connection, model: str) -> int | None:
    """The number of the version whose fleet takes traffic, None when none does."""
    package = live_package(connection, model)
    return int(package.rsplit("/", 1)[1]) if package else None


def score(
    connection: Connection,
    model: str,
    body: bytes,
    *,
    content_type: str,
    accept: str,
    inference_id: str | None = None,
) -> bytes:
    """The answer to one request, as bytes of type `accept`; data capture keeps its id.

    Raises CliError when nothing serves, and with the model's own words when it refuses the request.
    """
    runtime = connection.client("sagemaker-runtime")
    endpoint = naming.endpoint(connection.stage, model)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=body,
            ContentType=content_type,
            Accept=accept,
            **({"InferenceId": inference_id} if inference_id else {}),
        )
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
