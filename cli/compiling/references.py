"""What the steps of a definition refer to: parameters, other steps, their properties and property files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from cli.compiling import canonical, service

MOST_STEPS = 50
"""The quota of steps in a pipeline. AWS General Reference, "Amazon SageMaker AI endpoints and quotas"."""

_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_SEGMENT = re.compile(r"(?P<member>[A-Za-z0-9]+)|\['(?P<key>[^']+)'\]|\[(?P<index>\d+)\]")
_EXECUTION = {
    *("StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn"),
    *("PipelineExecutionId", "PipelineExecutionArn", "TrainingJobName", "ProcessingJobName"),
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


def findings(definition: Mapping[str, Any]) -> list[str]:
    """A sentence for each name that is used twice or leads nowhere, and for steps that wait for each other."""
    every = list(canonical.steps(dict(definition)))
    found = [*_parameters(definition), *_names(every)]
    found += [finding for step in every for finding in _step_findings(step, definition, every)]
    return found or _cycles(every)


def _parameters(definition: Mapping[str, Any]) -> Iterator[str]:
    parameters = definition.get("Parameters", [])
    for name, count in Counter(parameter["Name"] for parameter in parameters).items():
        if count > 1:
            yield f"Parameter {name} is defined {count} times; name each parameter once."
    for parameter in parameters:
        default, allowed = parameter.get("DefaultValue"), parameter.get("EnumValues")
        if default is None:
            continue
        fits = isinstance(default, _TYPES.get(parameter["Type"], ()))
        if not fits or (isinstance(default, bool) and parameter["Type"] != "Boolean"):
            yield f"Parameter {parameter['Name']}: default {default!r} is not of type {parameter['Type']}."
        elif allowed and default not in allowed:
            yield f"Parameter {parameter['Name']}: default {default!r} is none of its values {allowed}."


def _names(every: list[dict[str, Any]]) -> Iterator[str]:
    for name, count in Counter(step["Name"] for step in every).items():
        if count > 1:
            yield f"Step {name} is defined {count} times; name each step once."
        if not _NAME.fullmatch(name):
            yield f"Step {name}: the name must be 1 to 64 letters, digits, dashes and underscores."
    if len(every) > MOST_STEPS:
        yield f"The pipeline has {len(every)} steps; SageMaker takes {MOST_STEPS}."


def _step_findings(
    step: Mapping[str, Any], definition: Mapping[str, Any], every: list[dict[str, Any]]
) -> Iterator[str]:
    parameters = {parameter["Name"] for parameter in definition.get("Parameters", [])}
    steps = {other["Name"]: other for other in every}
    for reference in _references(_own(step)):
        kind, _, rest = reference.partition(".")
        if kind == "Parameters" and rest not in parameters:
            yield f"Step {step['Name']}: parameter {rest} is not defined; add it to the pipeline's parameters."
        elif kind == "Execution" and rest not in _EXECUTION:
            yield f"Step {step['Name']}: SageMaker has no execution variable {rest}."
        elif kind == "Steps":
            yield from _property(step["Name"], rest, steps)
    for name in _depends_on(step):
        if name not in steps:
            yield f"Step {step['Name']} depends on step {name}, which is not in the pipeline."
    outputs = _outputs(step)
    for file in step.get("PropertyFiles", []):
        if file["OutputName"] not in outputs:
            yield (
                f"Step {step['Name']}: property file {file['PropertyFileName']} is in output {file['OutputName']!r}, "
                f"but the outputs are {', '.join(sorted(outputs)) or 'none'}."
            )


def _property(user: str, reference: str, steps: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    name, _, path = reference.partition(".")
    if name not in steps:
        yield f"Step {user} refers to step {name}, which is not in the pipeline."
        return
    step = steps[name]
    if path.startswith("PropertyFiles."):
        file = path.removeprefix("PropertyFiles.")
        if file not in {known["PropertyFileName"] for known in step.get("PropertyFiles", [])}:
            yield f"Step {user} reads property file {file}, which step {name} does not have."
        return
    call = service.CALLS.get(step["Type"])
    if call is not None and not _leads_somewhere(path, service.output_shape(call.describe)):
        yield f"Step {user} refers to Steps.{reference}, but {call.describe} gives no such property."
    key = re.search(r"Outputs\['([^']+)'\]", path)
    if key is not None and key[1] not in _outputs(step):
        yield f"Step {user} refers to output {key[1]!r} of step {name}, which it does not have."


def _leads_somewhere(path: str, shape: Any) -> bool:
    for segment in _SEGMENT.finditer(path):
        if shape.type_name == "structure" and segment["member"] in shape.members:
            shape = shape.members[segment["member"]]
        elif shape.type_name == "list" and segment["member"] is None:
            shape = shape.member
        elif shape.type_name == "map" and (segment["key"] or segment["member"]):
            shape = shape.value
        else:
            return False
    return True


def _cycles(every: list[dict[str, Any]]) -> list[str]:
    try:
        TopologicalSorter(_waits_for(every)).prepare()
    except CycleError as error:
        return [f"Steps wait for each other: {' → '.join(reversed(error.args[1]))}; break the circle."]
    return []


def _waits_for(every: list[dict[str, Any]]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {step["Name"]: set(_depends_on(step)) for step in every}
    for step in every:
        used = (reference.split(".") for reference in _references(_own(step)))
        graph[step["Name"]] |= {parts[1] for parts in used if parts[0] == "Steps"}
        for branch in _branches(step):
            graph[branch["Name"]].add(step["Name"])
    return graph


def _own(step: Mapping[str, Any]) -> dict[str, Any]:
    """The step without the steps in its branches."""
    arguments = step.get("Arguments", {})
    if step.get("Type") == "Condition":
        arguments = {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}
    return {**step, "Arguments": arguments}


def _branches(step: Mapping[str, Any]) -> list[dict[str, Any]]:
    arguments = step.get("Arguments", {})
    return [*arguments.get("IfSteps", []), *arguments.get("ElseSteps", [])] if step["Type"] == "Condition" else []


def _depends_on(step: Mapping[str, Any]) -> list[str]:
    return [other["Step"] if isinstance(other, dict) else other for other in step.get("DependsOn", [])]


def _outputs(step: Mapping[str, Any]) -> set[str]:
    outputs = step.get("Arguments", {}).get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {output["OutputName"] for output in outputs}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            yield value["Get"]
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)
