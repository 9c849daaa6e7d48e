"""Reads pipeline definitions, and refuses what is wrong or cannot run here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.pipelines.checks import foreign_references, problems
from local.sagemaker.pipelines.definition import (
    COMPLETED,
    TRIGGERS,
    Definition,
    Parameter,
    Step,
    own_arguments,
    references,
    referred_step,
)
from local.sagemaker.pipelines.drift import KINDS as CHECKS
from local.sagemaker.pipelines.shape import misshapen

VERSION = "2020-12-01"
SUPPORTED = frozenset(
    {
        "Processing",
        "Training",
        "Transform",
        "Condition",
        "RegisterModel",
        "Fail",
        "Model",
        "Lambda",
        "Callback",
        "Tuning",
    }
    | {"EndpointConfig", "Endpoint", *CHECKS}
)
# What AWS runs and this cloud does not, or not yet (Developer Guide, "Add a step"; API, PipelineExecutionStepMetadata).
_ELSEWHERE = frozenset(
    {"AutoML", "EMR", "EMRServerless"}
    | {"InferenceComponent", "Lineage", "BedrockCustomModel", "BedrockCustomModelDeployment"}
    | {"BedrockModelImport", "BedrockProvisionedModelThroughput", "Job", "Athena", "Cleanup", "ForEach", "HubContent"}
)
_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = frozenset({"String", "Integer", "Float", "Boolean"})


def parse(text: str) -> Definition:
    """Read a definition. Raises ValidationError with every problem found, UnsupportedLocally for a step type."""
    document = _document(text)
    _refuse(misshapen(document))
    wrong: list[str] = []
    parameters = _parameters(document, wrong)
    steps: dict[str, Step] = {}
    for step in _flat(document["Steps"], None, wrong):
        if step.name in steps:
            wrong.append(f"Step name {step.name!r} is used twice")
        else:
            steps[step.name] = step
    experiment = document.get("PipelineExperimentConfig") or {}
    mlflow = document.get("MlflowConfig") or {}
    configs = (("PipelineExperimentConfig", experiment), ("MlflowConfig", mlflow))
    foreign = (wrong for title, config in configs for wrong in foreign_references(title, config, parameters))
    _refuse([*wrong, *problems(steps, parameters), *foreign])
    return Definition(parameters, steps, experiment, mlflow)


def _refuse(wrong: Iterable[str]) -> None:
    if said := "; ".join(wrong):
        raise ValidationError(f"Unable to parse pipeline definition. {said}.")


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValidationError(f"Unable to parse pipeline definition. It is not valid JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Steps"), list) or not document["Steps"]:
        raise ValidationError("Unable to parse pipeline definition. It has no list of Steps.")
    if document.get("Version") != VERSION:
        said = document.get("Version")
        raise ValidationError(f"Unable to parse pipeline definition. Version {said!r} is not {VERSION}.")
    return document


def _parameters(document: Mapping[str, Any], wrong: list[str]) -> dict[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for entry in document.get("Parameters") or []:
        name, kind = entry.get("Name"), entry.get("Type")
        if not name or kind not in _KINDS:
            wrong.append(f"Parameter {name!r} needs a Name and a Type of {', '.join(sorted(_KINDS))}")
        elif name in parameters:
            wrong.append(f"Parameter {name!r} is declared twice")
        else:
            parameters[name] = Parameter(name, kind, entry.get("DefaultValue"), entry.get("EnumValues") or ())
    return parameters


def _flat(entries: Sequence[Any], branch: tuple[str, bool] | None, wrong: list[str]) -> Iterator[Step]:
    for entry in entries:
        name, kind = entry.get("Name"), entry.get("Type")
        if not isinstance(name, str) or not _STEP_NAME.fullmatch(name):
            wrong.append(f"Step name {name!r} does not match {_STEP_NAME.pattern}")
            continue
        _require_supported(name, kind, wrong)
        if kind == "Condition" and branch is not None:
            wrong.append(f"Step {name!r}: a Condition inside a Condition is not supported by Pipelines")
        triggers = _triggers(entry, wrong)
        yield Step(name, str(kind), entry, _needs(entry, branch, triggers), branch, triggers)
        if kind == "Condition":
            arguments = entry.get("Arguments") or {}
            yield from _flat(arguments.get("IfSteps") or [], (name, True), wrong)
            yield from _flat(arguments.get("ElseSteps") or [], (name, False), wrong)


def _require_supported(name: str, kind: Any, wrong: list[str]) -> None:
    if kind in _ELSEWHERE:
        supported = ", ".join(sorted(SUPPORTED))
        raise UnsupportedLocally(f"pipeline step type {kind} (step {name})", reason=f"it runs {supported}")
    if kind not in SUPPORTED:
        wrong.append(f"Step {name!r} has the unknown type {kind!r}")


def _triggers(entry: Mapping[str, Any], wrong: list[str]) -> dict[str, str]:
    """The run conditions of a step that are not success, by the step that it waits for."""
    found: dict[str, str] = {}
    for dependency in entry.get("DependsOn") or []:
        if not isinstance(dependency, (dict, str)):
            wrong.append(f"Step {entry['Name']!r} has a DependsOn that is neither a name nor a Step with a Trigger")
        elif isinstance(dependency, dict):
            step, trigger = str(dependency.get("Step")), dependency.get("Trigger", COMPLETED)
            if trigger not in TRIGGERS:
                known = ", ".join(TRIGGERS)
                wrong.append(
                    f"Step {entry['Name']!r} waits for step {step!r} with a Trigger that is not one of {known}"
                )
            elif trigger != COMPLETED:
                found[step] = trigger
    for step in found.keys() & _referred(entry):
        wrong.append(f"Step {entry['Name']!r} uses results of step {step!r}, so it can only run when that succeeded")
    return found


def _needs(entry: Mapping[str, Any], branch: tuple[str, bool] | None, triggers: Mapping[str, str]) -> frozenset[str]:
    waited = {
        str(dependency.get("Step") if isinstance(dependency, dict) else dependency)
        for dependency in entry.get("DependsOn") or []
    }
    return frozenset(_referred(entry) | waited | set(triggers) | ({branch[0]} if branch else set()))


def _referred(entry: Mapping[str, Any]) -> set[str]:
    outside = {key: value for key, value in entry.items() if key != "Arguments"}
    referred = (referred_step(path) for path in references([outside, own_arguments(entry)]))
    return {step for step in referred if step is not None}
