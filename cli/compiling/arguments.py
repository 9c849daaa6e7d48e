"""The arguments of each step against the API call that they will become."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import regex

from cli.compiling import canonical, service

FUNCTIONS = {"Get", "Std:Join", "Std:JsonGet"}
"""What stands for a value that is known when the pipeline runs. Developer Guide, "Pass data between steps"."""

_OTHER_TYPES = {
    *("BedrockCustomModel", "BedrockCustomModelDeployment", "BedrockModelImport", "BedrockProvisionedModelThroughput"),
    *("Athena", "Callback", "Cleanup", "ClarifyCheck", "Condition", "EMR", "EMRServerless", "Fail", "ForEach"),
    *("HubContent", "InferenceComponent", "Job", "Lambda", "Lineage", "QualityCheck"),
}


def findings(definition: Mapping[str, Any]) -> list[str]:
    """A sentence for each argument that SageMaker would refuse."""
    return [finding for step in canonical.steps(dict(definition)) for finding in _step_findings(step)]


def is_function(value: Any) -> bool:
    """Whether a JSON value is known only when the pipeline runs."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in FUNCTIONS


def _step_findings(step: Mapping[str, Any]) -> Iterator[str]:
    call = service.CALLS.get(step["Type"])
    if call is None:
        if step["Type"] not in _OTHER_TYPES:
            types = _listed(sorted({*service.CALLS, *_OTHER_TYPES}))
            yield f"Step {step['Name']}: {step['Type']!r} is no step type; SageMaker has {types}."
        return
    shape = service.input_shape(call.create)
    given = dict(step.get("Arguments", {}))
    if call.named_by_service is not None:
        given.setdefault(call.named_by_service, {"Get": "Execution.PipelineExecutionId"})
    yield from _check(given, shape, f"Step {step['Name']}")


def _check(value: Any, shape: Any, where: str) -> Iterator[str]:
    if is_function(value):
        return
    judge = _JUDGES.get(shape.type_name)
    if judge is not None:
        yield from judge(value, shape, where)


def _structure(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is {value!r}; expected {shape.name}, an object."
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{where}.{name} is missing; {shape.name} requires it."
    for name, member in value.items():
        if name in shape.members:
            yield from _check(member, shape.members[name], f"{where}.{name}")
        else:
            yield f"{where}.{name} is unknown; the members of {shape.name} are {_listed(shape.members)}."


def _list(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is {value!r}; expected a list."
        return
    yield from _range(len(value), shape, where, "the number of members")
    for number, member in enumerate(value):
        yield from _check(member, shape.member, f"{where}[{number}]")


def _map(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is {value!r}; expected an object."
        return
    yield from _range(len(value), shape, where, "the number of members")
    for key, member in value.items():
        yield from _check(key, shape.key, f"{where}: key {key!r}")
        yield from _check(member, shape.value, f"{where}.{key}")


def _string(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where} is {value!r}; expected a text."
        return
    yield from _range(len(value), shape, where, "the length")
    allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if allowed and value not in allowed:
        yield f"{where} is {value!r}; expected one of {_listed(allowed)}."
    elif pattern and not regex.fullmatch(pattern, value, flags=regex.DOTALL):
        yield f"{where} is {value!r}; expected the form {pattern}."


def _integer(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield f"{where} is {value!r}; expected a whole number."
        return
    yield from _range(value, shape, where, "the value")


def _number(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield f"{where} is {value!r}; expected a number."
        return
    yield from _range(value, shape, where, "the value")


def _boolean(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{where} is {value!r}; expected true or false."


def _range(size: float, shape: Any, where: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{where}: {what}, {size}, is below {least}."
    if most is not None and size > most:
        yield f"{where}: {what}, {size}, is above {most}."


_JUDGES: Mapping[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
}


def _listed(names: Any) -> str:
    shown = list(names)
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")
