"""A pipeline's definition as it is deployed, as the lock has it for a stage, and where the two differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from cli import children
from cli.connection import Connection
from cli.deploy import ROOT
from cli.errors import CliError, WrongUseError
from env import Stage, naming

Definition = Mapping[str, Any]

_BRANCHES = ("IfSteps", "ElseSteps")


def locked(stage: Stage, model: str) -> Definition:
    """What a deployment would give the model's pipeline: its lock with the stage's values, as `infra` joins them.

    Raises WrongUseError or CliError with what `infra` said, by its exit code.
    """
    command = [sys.executable, "-m", "infra", "--stage", stage.name, "--definition", model]
    done = children.run(command, cwd=ROOT)
    if done.returncode:
        kind = WrongUseError if done.returncode == WrongUseError.exit_code else CliError
        raise kind(done.stderr.strip())
    found: Definition = json.loads(done.stdout)
    return found


def deployed(connection: Connection, model: str) -> Definition | None:
    """What the model's pipeline runs now; None when there is no pipeline."""
    name = naming.pipeline(connection.stage, model)
    try:
        text = connection.client("sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise
        return None
    found: Definition = json.loads(text)
    return found


def differing(before: Definition, after: Definition) -> list[str]:
    """The names of the steps that only one definition has or that differ, then of other parts, such as `Parameters`.

    A condition differs by itself when its own arguments do; the steps in its branches are compared on their own.
    """
    first, second = (dict(_steps(definition["Steps"])) for definition in (before, after))
    steps = [name for name in {**second, **first} if first.get(name) != second.get(name)]
    parts = sorted({*before, *after} - {"Steps"})
    return [*steps, *(part for part in parts if before.get(part) != after.get(part))]


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every step by its name; a condition's branches hold the names of their steps alone."""
    for step in steps:
        arguments = step.get("Arguments", {})
        branches = {branch: arguments[branch] for branch in _BRANCHES if branch in arguments}
        named = {branch: [inner["Name"] for inner in inside] for branch, inside in branches.items()}
        yield step["Name"], {**step, "Arguments": {**arguments, **named}}
        for inside in branches.values():
            yield from _steps(inside)
