"""Of which type the value is that a function of a definition has when the pipeline runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cli.compiling import canonical, service

FUNCTIONS = {"Get", "Std:Join", "Std:JsonGet"}
"""What stands for a value that is known when the pipeline runs. Developer Guide, "Pass data between steps"."""

_SEGMENT = re.compile(r"(?P<member>[A-Za-z0-9]+)|\['(?P<key>[^']+)'\]|\[(?P<index>\d+)\]")
_KINDS = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}
_ALIKE = {"long": "integer", "double": "float", "bigdecimal": "float"}
_FITS = {"string": {"string"}, "integer": {"integer"}, "float": {"integer", "float"}, "boolean": {"boolean"}}
_BASELINES = {
    *("CalculatedBaselineStatistics", "CalculatedBaselineConstraints"),
    *("BaselineUsedForDriftCheckStatistics", "BaselineUsedForDriftCheckConstraints"),
}
"""The properties of check steps. Developer Guide, "Baseline calculation, drift detection and lifecycle"."""


def is_function(value: Any) -> bool:
    """Whether a JSON value is known only when the pipeline runs."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in FUNCTIONS


class Kinds:
    """The types of what steps and parameters of one definition give, in the words of botocore's shapes."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._parameters = {p["Name"]: p["Type"] for p in definition.get("Parameters", [])}
        self._steps = {step["Name"]: step for step in canonical.steps(dict(definition))}

    def of(self, function: Mapping[str, Any]) -> str | None:
        """``string``, ``integer``, ``float``, ``boolean``, ``list``, ``map``, ``structure`` …; None when unknown."""
        name, argument = next(iter(function.items()))
        if name == "Std:Join":
            return "string"
        if name == "Std:JsonGet" or not isinstance(argument, str):
            return None
        root, _, rest = argument.partition(".")
        if root == "Parameters":
            return _KINDS.get(self._parameters.get(rest, ""))
        if root == "Execution" and not rest.endswith("DateTime"):
            return "string"
        return self._property(rest) if root == "Steps" else None

    def fits(self, function: Mapping[str, Any], shape: Any) -> bool:
        """Whether the value of ``function`` may stand where botocore wants ``shape``; what is unknown fits."""
        wanted, given = _ALIKE.get(shape.type_name, shape.type_name), self.of(function)
        if wanted in ("structure", "list", "map"):
            return given in (None, wanted) and next(iter(function)) == "Get"
        return given is None or wanted not in _FITS or given in _FITS[wanted]

    def _property(self, reference: str) -> str | None:
        name, _, path = reference.partition(".")
        found = shape_of(self._steps[name], path) if name in self._steps else None
        return _ALIKE.get(found, found) if found else None


def shape_of(step: Mapping[str, Any], path: str) -> str | None:
    """The type of a step's property, None when the step has none of that path."""
    if step["Type"] == "Condition":
        return "boolean" if path == "Outcome" else None
    if step["Type"] in ("Lambda", "Callback"):
        return _output_parameter(step, path)
    if step["Type"] in ("QualityCheck", "ClarifyCheck"):
        return "string" if path in _BASELINES else None
    call = service.CALLS.get(step["Type"])
    answers = [call.describe, *call.lists] if call else []
    return next((found for answer in answers if (found := _followed(path, service.output_shape(answer)))), None)


def _output_parameter(step: Mapping[str, Any], path: str) -> str | None:
    given = {output.get("OutputName"): output.get("OutputType") for output in step.get("OutputParameters", [])}
    named = re.fullmatch(r"OutputParameters\['([^']+)'\]", path)
    return _KINDS.get(str(given.get(named[1]))) if named else None


def _followed(path: str, shape: Any) -> str | None:
    for segment in _SEGMENT.finditer(path):
        if shape.type_name == "structure" and segment["member"] in shape.members:
            shape = shape.members[segment["member"]]
        elif shape.type_name == "list" and segment["member"] is None:
            shape = shape.member
        elif shape.type_name == "map" and (segment["key"] or segment["member"]):
            shape = shape.value
        else:
            return None
    return str(shape.type_name)


def described(function: Mapping[str, Any]) -> str:
    """A function as its author knows it: ``Parameters.Seed``, ``a Join``, ``a JsonGet``."""
    name, argument = next(iter(function.items()))
    return str(argument) if name == "Get" else f"a {name.removeprefix('Std:')}"


def functions(value: Any) -> Iterator[dict[str, Any]]:
    """Every function within a JSON value, those within functions too."""
    if is_function(value):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from functions(member)
