"""Starting an execution: its parameters, the data that it expects, and what is to be said of the code."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli import definitions
from cli.checkout import ROOT
from cli.connection import LOCAL, Connection
from cli.deploy import object_exists
from cli.errors import WrongUseError
from cli.printing import progress
from cli.running.record import model_of, plan
from env import naming

_NUMBERS: Mapping[str, type[int] | type[float]] = {"Integer": int, "Float": float}


def start(connection: Connection, model: str, *, given: Mapping[str, str]) -> str:
    """Start an execution; gives its ARN.

    Parameters that the pipeline knows and nobody gives: `CodeCommit` is the checkout's commit, and an `InputData`
    that names the model's own data file is uploaded if it is not there. Raises WrongUseError for an
    unknown parameter or a value that is not of its type, before anything is written.
    """
    pipeline, definition = naming.pipeline(connection.stage, model), definitions.deployed(connection, model)
    if definition is None:
        raise WrongUseError(f"there is no pipeline {pipeline}: {_remedy(connection, model)}")
    declared = {parameter["Name"]: parameter for parameter in definition.get("Parameters", [])}
    _check_given(given, {name: parameter["Type"] for name, parameter in declared.items()}, pipeline)
    known = {name: parameter.get("DefaultValue") for name, parameter in declared.items()}
    values = dict(given)
    if "CodeCommit" in known:
        values.setdefault("CodeCommit", code_commit())
    if "InputData" in known and "InputData" not in values:
        upload_data(connection, model, str(known["InputData"]))
    return _started(connection, pipeline, values)


def start_some(
    connection: Connection, model: str, *, given: Mapping[str, str], source: str, steps: Sequence[str]
) -> str:
    """Start an execution of some steps, which takes the results of all others from `source`, an execution's ARN.

    Its parameters are those of `source` but for the given ones, and for `CodeCommit`: the steps that run are of the
    checkout's code. Raises WrongUseError for a run of another model, and for a step or a parameter that `source` has
    not. (Developer Guide, "Selective execution of pipeline steps")
    """
    sagemaker, run, owner = connection.client("sagemaker"), source.rsplit("/", 1)[-1], model_of(connection, source)
    if owner != model:
        raise WrongUseError(f"run {run} is one of {owner}: `sluice runs {model}` lists those of {model}")
    pages = sagemaker.get_paginator("list_pipeline_parameters_for_execution").paginate(PipelineExecutionArn=source)
    values = {item["Name"]: item["Value"] for page in pages for item in page["PipelineParameters"]}
    for what, wanted, known in (("parameter", given, values), ("step", steps, plan(connection, source))):
        if unknown := [name for name in wanted if name not in known]:
            raise WrongUseError(f"run {run} has no {what} {', '.join(unknown)}: it has {', '.join(known) or 'none'}")
    if "CodeCommit" in values:
        values["CodeCommit"] = code_commit()
    selection = {
        "SourcePipelineExecutionArn": source,
        "SelectedSteps": [{"StepName": name} for name in steps],
    }
    pipeline = naming.pipeline(connection.stage, model)
    return _started(connection, pipeline, {**values, **given}, SelectiveExecutionConfig=selection)


def _started(connection: Connection, pipeline: str, values: Mapping[str, str], **more: Any) -> str:
    started = connection.client("sagemaker").start_pipeline_execution(
        PipelineName=pipeline,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
        **more,
    )
    arn: str = started["PipelineExecutionArn"]
    return arn


def _remedy(connection: Connection, model: str) -> str:
    stage = connection.stage.name
    if stage == LOCAL:
        return f"run `sluice deploy {stage}` first"
    return f"`sluice push {model} --stage {stage}`, or `sluice deploy {stage}` where the model is new there"


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
