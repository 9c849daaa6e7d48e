"""What the steps of a definition refer to: parameters, other steps, their properties and property files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cli.compiling import canonical, graph, kinds
from cli.compiling.findings import Finding

MOST_STEPS = 50
"""The quota of steps in a pipeline. AWS General Reference, "Amazon SageMaker AI endpoints and quotas"."""

_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_JSON_PATH = re.compile(
    r"(\$\.?)?([A-Za-z0-9_\- ]+|\[(\d+|'[^']+'|\"[^\"]+\")\])(\.[A-Za-z0-9_\- ]+|\[(\d+|'[^']+'|\"[^\"]+\")\])*"
)
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


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """What is named twice, leads nowhere or is used nowhere, and steps that wait for each other."""
    every = list(canonical.steps(dict(definition)))
    known = _Known(definition, every)
    found = [*_parameters(definition), *_unused(definition, every), *_names(every)]
    found += [finding for step in every for finding in known.findings(step)]
    if waiting := graph.cycle(every):
        sentence = f"Steps wait for each other: {' → '.join(waiting)}; break the circle."
        found.append(Finding(sentence=sentence, step=waiting[0]))
    return found


def _parameters(definition: Mapping[str, Any]) -> Iterator[Finding]:
    parameters = definition.get("Parameters", [])
    for name, count in Counter(parameter["Name"] for parameter in parameters).items():
        if count > 1:
            yield Finding(
                sentence=f"Parameter {name} is defined {count} times; name each parameter once.", parameter=name
            )
    for parameter in parameters:
        if sentence := _default(parameter):
            yield Finding(sentence=f"Parameter {parameter['Name']}: {sentence}", parameter=parameter["Name"])


def _unused(definition: Mapping[str, Any], every: list[dict[str, Any]]) -> Iterator[Finding]:
    """Parameters that are no part of any step: Python code that asks for one sees no value of an execution."""
    used = {reference for step in every for reference, _ in graph.references(graph.own(step))}
    for name in (parameter["Name"] for parameter in definition.get("Parameters", [])):
        if f"Parameters.{name}" not in used:
            sentence = f"Parameter {name} is used by no step, so that its value has no effect."
            yield Finding(sentence=sentence, parameter=name, warning=True)


def _default(parameter: Mapping[str, Any]) -> str | None:
    default, allowed = parameter.get("DefaultValue"), parameter.get("EnumValues")
    if default is None:
        return None
    if kinds.is_function(default):
        return f"the default is {kinds.described(default)}; a default is a value that is known when it is deployed."
    fits = isinstance(default, _TYPES.get(parameter["Type"], ()))
    if not fits or (isinstance(default, bool) and parameter["Type"] != "Boolean"):
        return f"default {default!r} is not of type {parameter['Type']}."
    if allowed and default not in allowed:
        return f"default {default!r} is none of its values {allowed}."
    return None


def _names(every: list[dict[str, Any]]) -> Iterator[Finding]:
    for name, count in Counter(step["Name"] for step in every).items():
        if count > 1:
            yield Finding(sentence=f"Step {name} is defined {count} times; name each step once.", step=name)
        if not _NAME.fullmatch(name):
            sentence = f"Step {name}: the name must be 1 to 64 letters, digits, dashes and underscores."
            yield Finding(sentence=sentence, step=name)
    if len(every) > MOST_STEPS:
        yield Finding(sentence=f"The pipeline has {len(every)} steps; SageMaker takes {MOST_STEPS}.")


class _Known:
    """What can be referred to in one definition."""

    def __init__(self, definition: Mapping[str, Any], every: list[dict[str, Any]]) -> None:
        self._parameters = {parameter["Name"] for parameter in definition.get("Parameters", [])}
        self._steps = {step["Name"]: step for step in every}

    def findings(self, step: graph.Step) -> Iterator[Finding]:
        """What one step refers to and is not there."""
        for sentence in (*self._references(step), *self._order(step), *_property_files(step), *_paths(step)):
            yield Finding(sentence=f"Step {step['Name']} {sentence}", step=step["Name"])

    def _references(self, step: graph.Step) -> Iterator[str]:
        for reference, _ in graph.references(graph.own(step)):
            kind, _, rest = reference.partition(".")
            if kind == "Parameters" and rest not in self._parameters:
                yield f"uses parameter {rest}, which is not defined; add it to the pipeline's parameters."
            elif kind == "Execution" and rest not in _EXECUTION:
                yield f"uses execution variable {rest}; SageMaker has {', '.join(sorted(_EXECUTION))}."
            elif kind == "Steps":
                yield from self._property(rest)

    def _order(self, step: graph.Step) -> Iterator[str]:
        for name in graph.depends_on(step):
            if name not in self._steps:
                yield f"depends on step {name}, which is not in the pipeline."

    def _property(self, reference: str) -> Iterator[str]:
        name, _, path = reference.partition(".")
        step = self._steps.get(name)
        if step is None:
            yield f"refers to step {name}, which is not in the pipeline."
        elif path.startswith("PropertyFiles."):
            file = path.removeprefix("PropertyFiles.")
            files = {known["PropertyFileName"] for known in step.get("PropertyFiles", [])}
            if file not in files:
                yield (
                    f"reads property file {file}, which step {name} does not have; "
                    f"it has {', '.join(sorted(files)) or 'none'}: add it to the step's property_files."
                )
        elif (key := re.search(r"Outputs\['([^']+)'\]", path)) and key[1] not in _outputs(step):
            yield f"refers to output {key[1]!r} of step {name}, which it does not have."
        elif kinds.shape_of(step, path) is None:
            yield f"refers to Steps.{reference}, but a {step['Type']} step has no such property."


def _property_files(step: graph.Step) -> Iterator[str]:
    outputs = _outputs(step)
    for file in step.get("PropertyFiles", []):
        name = file["PropertyFileName"]
        if file["OutputName"] not in outputs:
            given = ", ".join(sorted(outputs)) or "none"
            yield f"has property file {name} in output {file['OutputName']!r}, but its outputs are {given}."
        if file["FilePath"].startswith(("/", "s3:")):
            yield f"has property file {name} at {file['FilePath']!r}; write its path within the output."


def _paths(step: graph.Step) -> Iterator[str]:
    for function in kinds.functions(graph.own(step)):
        asked = function.get("Std:JsonGet")
        if not isinstance(asked, dict):
            continue
        path = asked.get("Path")
        if not isinstance(path, str) or not _JSON_PATH.fullmatch(path):
            yield f"reads JSON path {path!r}; write one that leads to one value, as a.b[0]['c d']."
        if ("PropertyFile" in asked) == ("S3Uri" in asked):
            yield f"reads JSON path {path!r} of neither or both of a property file and an S3 URI; name one of them."


def _outputs(step: graph.Step) -> set[str]:
    outputs = step.get("Arguments", {}).get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {output["OutputName"] for output in outputs}
