"""An execution as SageMaker tells it now: each of its steps, joined with what the definition says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.connection import Connection
from cli.state import answered

DONE = ("Succeeded", "Failed", "Stopped", "CompletedWithFailures")
"""The states in which nothing of an execution goes on any more."""

WAITING = "Waiting"
"""The state of a step that has not started: SageMaker does not list it yet."""

_RUNNING = ("Starting", "Executing", "Stopping")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: its type in the definition, its state, and how long it took or has been going on."""

    name: str
    kind: str
    status: str
    seconds: float | None = None
    attempts: int = 1
    reused_from: str | None = None
    """The id of the execution whose result was taken instead of working: a cache hit, or a step not selected."""
    metadata: Mapping[str, Any]
    """What the step made, as ListPipelineExecutionSteps tells it: a job, a package, an outcome."""
    reason: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is at work now."""
        return self.status in _RUNNING

    @property
    def package(self) -> str | None:
        """The ARN of the model package that the step registered, None where it only stands for another run's."""
        arn: str | None = self.metadata.get("RegisterModel", {}).get("Arn")
        return None if self.reused_from else arn


@dataclass(frozen=True, kw_only=True)
class Run:
    """An execution; `seconds` is how long it has been going on, or took, by the cloud's own clock."""

    arn: str
    model: str
    status: str
    begun: datetime
    seconds: float
    by: str | None
    reason: str
    steps: Sequence[Step]

    @property
    def id(self) -> str:
        """Twelve letters and digits, by which people name it."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def over(self) -> bool:
        """Whether nothing goes on any more."""
        return self.status in DONE

    @property
    def package(self) -> str | None:
        """The ARN of the package that was registered."""
        return next((step.package for step in self.steps if step.package), None)

    @property
    def version(self) -> str | None:
        """The version that was registered, as people name it: ``model/3``."""
        return "/".join(self.package.split("/")[-2:]) if self.package else None

    @property
    def failed(self) -> Sequence[Step]:
        """The steps that failed, in the order of the definition."""
        return [step for step in self.steps if step.status == "Failed"]


Plan = Mapping[str, str]
"""The steps of a definition in their order, those in branches too: name → type."""


def plan(connection: Connection, arn: str) -> Plan:
    """The steps that an execution may come to, by the definition that it runs."""
    answer = connection.client("sagemaker").describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    return dict(planned(json.loads(answer["PipelineDefinition"]).get("Steps", [])))


def planned(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Name and type of every step of a definition; the branches of a condition come after it."""
    for step in steps:
        yield step["Name"], step["Type"]
        arguments = step.get("Arguments", {})
        if step["Type"] == "Condition":
            yield from planned([*arguments.get("IfSteps", []), *arguments.get("ElseSteps", [])])


def gather(connection: Connection, arn: str, *, known: Plan) -> Run:
    """An execution now. Steps that have not started are among the others, as `Waiting`, until the execution is over."""
    sagemaker = connection.client("sagemaker")
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    now, status = answered(described), described["PipelineExecutionStatus"]
    listed = {step["StepName"]: step for step in _listed(sagemaker, arn)}
    names = [*known, *(name for name in listed if name not in known)]
    steps = [_step(name, known.get(name, ""), listed.get(name, {}), now=now) for name in names]
    end = described["LastModifiedTime"] if status in DONE else now
    return Run(
        arn=arn,
        model=model_of(connection, arn),
        status=status,
        begun=described["CreationTime"],
        seconds=max(0.0, (end - described["CreationTime"]).total_seconds()),
        by=described.get("CreatedBy", {}).get("IamIdentity", {}).get("Arn"),
        reason=described.get("FailureReason", ""),
        steps=[step for step in steps if step.status != WAITING or status not in DONE],
    )


def model_of(connection: Connection, arn: str) -> str:
    """The model whose pipeline an execution's ARN names."""
    return arn.split("/")[1].removesuffix(f"-{connection.stage.name}")


def _listed(sagemaker: Any, arn: str) -> Iterator[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_pipeline_execution_steps")
    for page in pages.paginate(PipelineExecutionArn=arn, SortOrder="Ascending"):
        yield from page["PipelineExecutionSteps"]


def _step(name: str, kind: str, told: Mapping[str, Any], *, now: datetime) -> Step:
    spent = (told.get("EndTime", now) - told["StartTime"]).total_seconds() if "StartTime" in told else None
    reused = told.get("CacheHitResult") or told.get("SelectiveExecutionResult") or {}
    source = reused.get("SourcePipelineExecutionArn", "").rsplit("/", 1)[-1]
    return Step(
        name=name,
        kind=kind,
        status=told.get("StepStatus", WAITING),
        seconds=None if spent is None else max(0.0, spent),
        attempts=told.get("AttemptCount", 1),
        reused_from=source or None,
        metadata=told.get("Metadata", {}),
        reason=told.get("FailureReason", ""),
    )
