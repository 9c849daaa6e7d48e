"""Pipeline definitions (schema 2020-12-01): parsed, checked whole, and laid out as a graph."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local.errors import UnsupportedLocally, ValidationError

VERSION = "2020-12-01"
SUPPORTED = frozenset({"Processing", "Training", "Condition", "RegisterModel", "Fail", "Model", "Lambda"})
# What AWS runs and this cloud does not, or not yet (Developer Guide, "Add a step"; API, PipelineExecutionStepMetadata).
_ELSEWHERE = frozenset(
    {"Tuning", "AutoML", "Transform", "Callback", "EMR", "EMRServerless", "QualityCheck", "ClarifyCheck", "Endpoint"}
    | {"EndpointConfig", "InferenceComponent", "Lineage", "BedrockCustomModel", "BedrockCustomModelDeployment"}
    | {"BedrockModelImport", "BedrockProvisionedModelThroughput", "Job", "Athena", "Cleanup", "ForEach", "HubContent"}
)
_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXECUTION_VARIABLES = frozenset(
    {"StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn"}
    | {"TrainingJobName", "ProcessingJobName"}
)
_KINDS = frozenset({"String", "Integer", "Float", "Boolean"})


@dataclass(frozen=True)
class Parameter:
    """A declared parameter; `default` is None when a value must be given."""

    name: str
    kind: str
    default: Any = None
    allowed: Sequence[Any] = ()


@dataclass(frozen=True)
class Step:
    """A step, taken out of the Condition it may stand in."""

    name: str
    kind: str
    body: Mapping[str, Any]
    """The step as written."""
    needs: frozenset[str]
    """Steps that must have succeeded before: by reference, by DependsOn, and the Condition around it."""
    branch: tuple[str, bool] | None = None
    """The Condition around it, and the outcome for which it runs."""

    @property
    def arguments(self) -> Any:
        """The step's arguments; of a Condition those that are its own, not its branches."""
        return _own_arguments(self.body)

    @property
    def property_files(self) -> Mapping[str, Mapping[str, Any]]:
        """Its property files by name."""
        return {file["PropertyFileName"]: file for file in self.body.get("PropertyFiles") or []}


@dataclass(frozen=True)
class Definition:
    """A whole definition, consistent in itself."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]
    experiment: Mapping[str, Any] = field(default_factory=dict)


def parse(text: str) -> Definition:
    """Read a definition. Raises ValidationError with every problem found, UnsupportedLocally for a step type."""
    document = _document(text)
    problems: list[str] = []
    parameters = _parameters(document, problems)
    found = list(_flat(document["Steps"], None, problems))
    steps: dict[str, Step] = {}
    for step in found:
        if step.name in steps:
            problems.append(f"Step name {step.name!r} is used twice")
        steps[step.name] = step
    for step in found:
        problems += _broken_references(step, steps, parameters)
    problems += _cycles(steps)
    if problems:
        raise ValidationError(f"Unable to parse pipeline definition. {'; '.join(problems)}.")
    return Definition(parameters, steps, document.get("PipelineExperimentConfig") or {})


def references(value: Any) -> Iterator[str]:
    """Every path that a `Get` names below a value."""
    if isinstance(value, Mapping):
        if set(value) == {"Get"} and isinstance(value["Get"], str):
            yield value["Get"]
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def referred_step(path: str) -> str | None:
    """The step that `Steps.<name>.<property>` names."""
    found = re.match(r"Steps\.(?P<step>[A-Za-z0-9_-]+)", path)
    return found["step"] if found else None


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


def _parameters(document: Mapping[str, Any], problems: list[str]) -> dict[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for entry in document.get("Parameters") or []:
        name, kind = entry.get("Name"), entry.get("Type")
        if not name or kind not in _KINDS:
            problems.append(f"Parameter {name!r} needs a Name and a Type of {', '.join(sorted(_KINDS))}")
        elif name in parameters:
            problems.append(f"Parameter {name!r} is declared twice")
        else:
            parameters[name] = Parameter(name, kind, entry.get("DefaultValue"), entry.get("EnumValues") or ())
    return parameters


def _flat(entries: Sequence[Any], branch: tuple[str, bool] | None, problems: list[str]) -> Iterator[Step]:
    for entry in entries:
        name, kind = (entry.get("Name"), entry.get("Type")) if isinstance(entry, dict) else (None, None)
        if not isinstance(name, str) or not _STEP_NAME.fullmatch(name):
            problems.append(f"Step name {name!r} does not match {_STEP_NAME.pattern}")
            continue
        _require_supported(name, kind, problems)
        if kind == "Condition" and branch is not None:
            problems.append(f"Step {name!r}: a Condition inside a Condition is not supported by Pipelines")
        yield Step(name, str(kind), entry, _needs(entry, branch), branch)
        if kind == "Condition":
            arguments = entry.get("Arguments") or {}
            yield from _flat(arguments.get("IfSteps") or [], (name, True), problems)
            yield from _flat(arguments.get("ElseSteps") or [], (name, False), problems)


def _require_supported(name: str, kind: Any, problems: list[str]) -> None:
    if kind in _ELSEWHERE:
        supported = ", ".join(sorted(SUPPORTED))
        raise UnsupportedLocally(f"pipeline step type {kind} (step {name})", reason=f"it runs {supported}")
    if kind not in SUPPORTED:
        problems.append(f"Step {name!r} has the unknown type {kind!r}")


def _needs(entry: Mapping[str, Any], branch: tuple[str, bool] | None) -> frozenset[str]:
    outside = {key: value for key, value in entry.items() if key != "Arguments"}
    referred = (referred_step(path) for path in references([outside, _own_arguments(entry)]))
    needs = {step for step in referred if step is not None}
    for dependency in entry.get("DependsOn") or []:
        if isinstance(dependency, dict):
            if dependency.get("Trigger", "Completed") != "Completed":
                raise UnsupportedLocally(f"the trigger {dependency['Trigger']} of step {entry['Name']}")
            dependency = dependency.get("Step")
        needs.add(str(dependency))
    return frozenset(needs | ({branch[0]} if branch else set()))


def _own_arguments(entry: Mapping[str, Any]) -> Any:
    arguments = entry.get("Arguments") or {}
    if entry.get("Type") != "Condition":
        return arguments
    return {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}


def _broken_references(step: Step, steps: Mapping[str, Step], parameters: Mapping[str, Parameter]) -> Iterator[str]:
    for need in sorted(step.needs):
        if need not in steps:
            yield f"Step {step.name!r} refers to step {need!r}, which does not exist"
    for path in references([step.arguments, {k: v for k, v in step.body.items() if k != "Arguments"}]):
        root, _, rest = path.partition(".")
        if root == "Parameters" and rest not in parameters:
            yield f"Step {step.name!r} refers to parameter {rest!r}, which is not declared"
        elif root == "Execution" and rest not in _EXECUTION_VARIABLES:
            yield f"Step {step.name!r} refers to {path!r}, which is not an execution variable"
        elif root not in ("Parameters", "Execution", "Steps", "PipelineExperimentConfig"):
            yield f"Step {step.name!r} refers to {path!r}, which is nothing"
        elif ".PropertyFiles." in path and not _property_file_exists(path, steps):
            yield f"Step {step.name!r} refers to {path!r}, which is not a property file of that step"


def _property_file_exists(path: str, steps: Mapping[str, Step]) -> bool:
    owner, _, file = path.removeprefix("Steps.").partition(".PropertyFiles.")
    return owner not in steps or file in steps[owner].property_files


def _cycles(steps: Mapping[str, Step]) -> list[str]:
    try:
        TopologicalSorter({name: step.needs for name, step in steps.items()}).prepare()
    except CycleError as error:
        return [f"Steps depend on each other in a circle: {' → '.join(error.args[1])}"]
    return []
