"""What the role of a pipeline may do for its steps: nothing for a kind of step that the pipeline has not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from env.stage import Stage
from infra.errors import StepError
from infra.rights import PACKAGE_NUMBERS, Right, read_packages
from infra.steps import Step, every

_JOBS = "SageMaker names the jobs of steps pipelines-<execution>-<step>-<suffix>."
_QUEUE = re.compile(r"https://sqs\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/(?P<account>\d{12})/(?P<name>[\w.-]+)")
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")


def of(definition: Mapping[str, Any], stage: Stage, model: str) -> list[Right]:
    """The rights that the steps of a stage's definition need. Raises StepError for a step that has none to be given."""
    steps = list(every(definition["Steps"]))
    kinds = {step["Type"] for step in steps}
    unknown = [f"{step['Name']} ({step['Type']})" for step in steps if step["Type"] not in _KINDS]
    if unknown:
        raise StepError(
            f"{model}: no rights are known for the steps {', '.join(unknown)}; known are {', '.join(_KINDS)}."
        )
    needed = {need for kind in kinds for need in _KINDS[kind]}
    given = [right for need, rights in _NEEDS.items() if need in needed for right in rights(stage, model)]
    return [*given, *_call(steps, definition, model), *_send(steps, definition, model)]


def kinds(definitions: Iterable[Mapping[str, Any]]) -> set[str]:
    """The kinds of steps in some definitions."""
    return {step["Type"] for definition in definitions for step in every(definition["Steps"])}


def _process(stage: Stage, model: str) -> list[Right]:
    return [_run(stage, "ProcessingJob", "processing-job/pipelines-*")]


def _train(stage: Stage, model: str) -> list[Right]:
    return [_run(stage, "TrainingJob", "training-job/pipelines-*")]


def _transform(stage: Stage, model: str) -> list[Right]:
    return [_run(stage, "TransformJob", "transform-job/pipelines-*")]


def _tune(stage: Stage, model: str) -> list[Right]:
    """Tuning jobs run their trials themselves; the pipeline reads which was the best."""
    return [
        _run(
            stage,
            "HyperParameterTuningJob",
            "hyper-parameter-tuning-job/*",
            more=["sagemaker:ListTrainingJobsForHyperParameterTuningJob"],
            because="A tuning job's name has 32 characters at most: SageMaker begins it with the execution's id.",
        )
    ]


def _make_models(stage: Stage, model: str) -> list[Right]:
    return [
        Right(
            actions=["sagemaker:AddTags", "sagemaker:CreateModel", "sagemaker:DescribeModel"],
            resources=[f"{_arn(stage)}:model/pipelines-*"],
            because=_JOBS,
        )
    ]


def _run(stage: Stage, kind: str, resource: str, *, more: Iterable[str] = (), because: str = _JOBS) -> Right:
    """Running the jobs of one kind."""
    verbs = [f"sagemaker:{verb}{kind}" for verb in ("Create", "Describe", "Stop")]
    return Right(actions=[*verbs, *more, "sagemaker:AddTags"], resources=[f"{_arn(stage)}:{resource}"], because=because)


def _register(stage: Stage, model: str) -> list[Right]:
    """Registering packages that wait for an approval."""
    arn = _arn(stage)
    resources = [f"{arn}:model-package-group/{model}", f"{arn}:model-package/{model}/*"]
    return [
        Right(
            actions=["sagemaker:CreateModelPackage"],
            resources=resources,
            conditions={"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
            because=PACKAGE_NUMBERS,
        ),
        Right(
            actions=["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup"],
            resources=resources,
            because=PACKAGE_NUMBERS,
        ),
    ]


def _compare(stage: Stage, model: str) -> list[Right]:
    """Reading the baselines that the last approved package has; a pipeline trains where the registry is."""
    return [read_packages(stage, model)]


def _arn(stage: Stage) -> str:
    return f"arn:aws:sagemaker:{stage.region}:{stage.account}"


_NEEDS: Mapping[str, Callable[[Stage, str], list[Right]]] = {
    "process": _process,
    "train": _train,
    "tune": _tune,
    "transform": _transform,
    "make models": _make_models,
    "register": _register,
    "compare": _compare,
}

_KINDS: Mapping[str, tuple[str, ...]] = {
    "Callback": (),
    "ClarifyCheck": ("process", "compare"),
    "Condition": (),
    "Fail": (),
    "Lambda": (),
    "Model": ("make models",),
    "Processing": ("process",),
    "QualityCheck": ("process", "compare"),
    "RegisterModel": ("register",),
    "Training": ("train",),
    "Transform": ("transform",),
    "Tuning": ("tune",),
}
"""What each kind of step needs. Those that call functions or queues need the very ones that they name."""


def _call(steps: list[Step], definition: Mapping[str, Any], model: str) -> list[Right]:
    """Invoking the functions of Lambda steps."""
    named = {
        _named(step, "FunctionArn", definition, model, form=_FUNCTION)[0] for step in steps if step["Type"] == "Lambda"
    }
    return [Right(actions=["lambda:InvokeFunction"], resources=sorted(named))] if named else []


def _send(steps: list[Step], definition: Mapping[str, Any], model: str) -> list[Right]:
    """Leaving the tokens of Callback steps in their queues."""
    urls = [_named(step, "SqsQueueUrl", definition, model, form=_QUEUE) for step in steps if step["Type"] == "Callback"]
    queues = {f"arn:aws:sqs:{url['region']}:{url['account']}:{url['name']}" for url in urls}
    return [Right(actions=["sqs:SendMessage"], resources=sorted(queues))] if queues else []


def _named(
    step: Step, member: str, definition: Mapping[str, Any], model: str, *, form: re.Pattern[str]
) -> re.Match[str]:
    """What a step calls, written out or by a parameter's default."""
    value = step.get(member)
    if isinstance(value, dict) and str(value.get("Get", "")).startswith("Parameters."):
        wanted = str(value["Get"]).removeprefix("Parameters.")
        defaults = {each["Name"]: each.get("DefaultValue") for each in definition.get("Parameters", [])}
        value = defaults.get(wanted)
    match = form.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise StepError(
            f"{model}: the step {step['Name']} has no {member} that its role can be given a right to; "
            "write it out, or let it be a parameter with a default."
        )
    return match
