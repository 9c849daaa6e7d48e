"""`sluice run`: start a pipeline execution and follow its steps."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError
from rich.live import Live
from rich.table import Table

from cli.connection import Connection, connect, person_option, stage_option
from cli.deploy import ROOT, object_exists
from cli.errors import CliError, WrongUseError
from cli.pace import Pace
from cli.printing import out, progress
from env import naming

_DONE = ("Succeeded", "Failed", "Stopped", "CompletedWithFailures")
_NUMBERS: Mapping[str, type[int] | type[float]] = {"Integer": int, "Float": float}
_COLOURS = {"Succeeded": "green", "Failed": "red", "Executing": "yellow", "Stopped": "magenta"}


@click.command()
@click.argument("model")
@stage_option
@click.option("--param", "params", multiple=True, metavar="K=V", help="A pipeline parameter; may be repeated.")
@click.option("--watch/--no-watch", default=True, help="Follow the steps until the end (default).")
@person_option
def run(model: str, stage: str | None, params: tuple[str, ...], watch: bool, person: naming.Person | None) -> None:
    """Train MODEL: start its pipeline and follow the steps. Exit 1 when the execution fails."""
    connection = connect(stage, person=person)
    arn = start(connection, connection.model(model), given=_parsed(params))
    out.print(f"started {arn}")
    if watch:
        try:
            watch_execution(connection, arn)
        except KeyboardInterrupt:
            progress.print(
                f"the execution goes on; `aws sagemaker stop-pipeline-execution --pipeline-execution-arn {arn}`"
            )
            raise


def start(connection: Connection, model: str, *, given: Mapping[str, str]) -> str:
    """Start an execution; gives its ARN.

    Parameters that the pipeline knows and nobody gives: `CodeCommit` is the checkout's commit, and an `InputData`
    that names the model's own data file is uploaded if it is not there. Raises WrongUseError for an
    unknown parameter or a value that is not of its type, before anything is written.
    """
    sagemaker, pipeline = connection.client("sagemaker"), naming.pipeline(connection.stage, model)
    try:
        definition = json.loads(sagemaker.describe_pipeline(PipelineName=pipeline)["PipelineDefinition"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise
        remedy = f"run `sluice deploy {connection.stage.name}` first"
        raise WrongUseError(f"there is no pipeline {pipeline}: {remedy}") from error
    declared = {parameter["Name"]: parameter for parameter in definition.get("Parameters", [])}
    _check_given(given, {name: parameter["Type"] for name, parameter in declared.items()}, pipeline)
    known = {name: parameter.get("DefaultValue") for name, parameter in declared.items()}
    values = dict(given)
    if "CodeCommit" in known:
        values.setdefault("CodeCommit", code_commit())
    if "InputData" in known and "InputData" not in values:
        upload_data(connection, model, str(known["InputData"]))
    started = sagemaker.start_pipeline_execution(
        PipelineName=pipeline,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
    )
    arn: str = started["PipelineExecutionArn"]
    return arn


def watch_execution(connection: Connection, arn: str) -> list[dict[str, Any]]:
    """Follow an execution to its end; gives its steps, first first. Raises CliError when it does not succeed."""
    sagemaker = connection.client("sagemaker")
    told, pace = dict[str, str](), Pace()
    with Live(console=progress, refresh_per_second=4, transient=True) as live:
        while True:
            described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
            steps = _steps(sagemaker, arn)
            if progress.is_terminal:
                live.update(_table(steps))
            else:
                _tell_changes(steps, told)
            if described["PipelineExecutionStatus"] in _DONE:
                break
            pace.pause()
    if progress.is_terminal:
        progress.print(_table(steps))
    if described["PipelineExecutionStatus"] != "Succeeded":
        raise CliError(_failure(described, steps))
    _tell_package(steps)
    return steps


def upload_data(connection: Connection, model: str, uri: str) -> None:
    """Put the model's data file where its pipeline looks for it, unless the object is there already.

    The key holds the file's SHA-256, so that other data never hides behind the same URI. A URI that names no file of
    the model's `data/` folder is left to whoever owns it.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    file = ROOT / "pipelines" / naming.folder(model) / "data" / Path(key).name
    s3 = connection.client("s3")
    if not file.is_file() or object_exists(s3, bucket, key):
        return
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest[:16] not in key:
        remedy = f"compile again (`sluice compile {model}`) or give --param InputData=s3://…"
        raise WrongUseError(f"{file.relative_to(ROOT)} is not the data that the pipeline was compiled for: {remedy}")
    s3.upload_file(str(file), bucket, key)
    progress.print(f"uploaded {file.relative_to(ROOT)} to {uri}")


def code_commit() -> str:
    """The checkout's commit, with `-dirty` when files differ from it; `unknown` outside a git checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("-dirty" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _parsed(params: tuple[str, ...]) -> dict[str, str]:
    for param in params:
        if "=" not in param:
            raise WrongUseError(f"--param {param!r} is not of the form NAME=VALUE")
    return dict(param.split("=", 1) for param in params)


def _check_given(given: Mapping[str, str], types: Mapping[str, str], pipeline: str) -> None:
    unknown = [name for name in given if name not in types]
    if unknown:
        remedy = f"it has {', '.join(types) or 'none'}"
        raise WrongUseError(f"pipeline {pipeline} has no parameter {', '.join(unknown)}: {remedy}")
    for name, text in given.items():
        if not _fits(text, types[name]):
            raise WrongUseError(f"--param {name}={text}: {name} of pipeline {pipeline} is of type {types[name]}")


def _fits(text: str, kind: str) -> bool:
    """Whether SageMaker takes a text for a parameter of this type."""
    if kind == "Boolean":
        return text.lower() in ("true", "false")
    if kind in _NUMBERS:
        try:
            _NUMBERS[kind](text)
        except ValueError:
            return False
    return True


def _steps(sagemaker: Any, arn: str) -> list[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending"
    )
    return [step for page in pages for step in page["PipelineExecutionSteps"]]


def _table(steps: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("step", "status", "seconds"):
        table.add_column(column)
    for step in steps:
        colour = _COLOURS.get(step["StepStatus"], "white")
        table.add_row(step["StepName"], f"[{colour}]{step['StepStatus']}[/]", f"{_seconds(step):.1f}")
    return table


def _tell_changes(steps: list[dict[str, Any]], told: dict[str, str]) -> None:
    for step in steps:
        if told.get(step["StepName"]) != step["StepStatus"]:
            told[step["StepName"]] = step["StepStatus"]
            progress.print(f"  {step['StepName']:<12} {step['StepStatus']:<10} {_seconds(step):6.1f} s")


def _seconds(step: dict[str, Any]) -> float:
    if "StartTime" not in step:
        return 0.0
    end = step.get("EndTime") or datetime.now(UTC)
    return max(0.0, float((end - step["StartTime"]).total_seconds()))


def _failure(described: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    reasons = [f"step {s['StepName']}: {s['FailureReason']}" for s in steps if s.get("FailureReason")]
    said = "\n".join(reasons) or described.get("FailureReason", "SageMaker gives no reason")
    return f"the execution is {described['PipelineExecutionStatus']}; nothing was registered\n{said}"


def _tell_package(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        if arn := step.get("Metadata", {}).get("RegisterModel", {}).get("Arn"):
            model, version = arn.split("/")[-2:]
            out.print(f"registered [bold]{model}/{version}[/]: see `sluice show {model}/{version}`")
