"""The executions that people name: by an id or its beginning, by an ARN, or by a model, which means its last one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.errors import CliError, WrongUseError
from env import naming


def find(connection: Connection, text: str) -> str:
    """The ARN of the execution that a person means. Raises WrongUseError when there is none, or more than one."""
    if text.startswith("arn:"):
        return text
    model = text.replace("_", "-")
    if model in connection.stage.models:
        newest = next(summaries(connection, model), None)
        if newest is None:
            raise CliError(f"{model} has never run in stage {connection.stage.name}: `sluice run {model}`")
        return str(newest["PipelineExecutionArn"])
    found = [arn for arn in _all(connection) if arn.rsplit("/", 1)[-1].startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(arn.rsplit("/", 1)[-1] for arn in found[:5])
        raise WrongUseError(f"more than one run begins with {text!r}: {ids}; write more of it")
    stage = connection.stage
    known = ", ".join(stage.models) or "none"
    raise WrongUseError(
        f"stage {stage.name} has no run {text!r} and no model of that name ({known}): `sluice runs MODEL`"
    )


def summaries(connection: Connection, model: str) -> Iterator[dict[str, Any]]:
    """The executions of a model as SageMaker lists them, newest first; none where there is no pipeline."""
    pages = connection.client("sagemaker").get_paginator("list_pipeline_executions")
    pipeline = naming.pipeline(connection.stage, model)
    try:
        for page in pages.paginate(PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending"):
            yield from page["PipelineExecutionSummaries"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise


def _all(connection: Connection) -> Iterator[str]:
    for model in connection.stage.models:
        yield from (summary["PipelineExecutionArn"] for summary in summaries(connection, model))
