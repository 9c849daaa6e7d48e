"""A pipeline's definition as it is deployed, as the lock has it for a stage, and where the two differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli import children
from cli.checkout import ROOT
from cli.connection import Connection
from cli.errors import CliError, WrongUseError
from env import Stage, naming

Definition = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a deployed pipeline stands to the lock of this checkout."""

    deployed: bool
    differing: tuple[str, ...] = ()
    """Steps and other parts that a push would change."""
    trouble: str = ""
    """Why the lock cannot be compared; empty when it can."""

    def __str__(self) -> str:
        if not self.deployed:
            return "not deployed"
        if self.trouble:
            return "deployed"
        return f"differs: {', '.join(self.differing)}" if self.differing else "as locked"


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


def standing(connection: Connection, model: str) -> Standing | None:
    """How the model's pipeline stands to its lock; None in a stage that does not train the model."""
    if connection.stage.models[model].training is None:
        return None
    there = deployed(connection, model)
    if there is None:
        return Standing(deployed=False)
    try:
        wanted = locked(connection.stage, model)
    except CliError as error:
        return Standing(deployed=True, trouble=error.message)
    return Standing(deployed=True, differing=tuple(differing(there, wanted)))


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
