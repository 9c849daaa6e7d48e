"""The arguments of each step against the API call that they will become."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import regex

from cli.compiling import canonical, service
from cli.compiling.findings import Finding
from cli.compiling.kinds import Kinds, described, is_function

Wrong = tuple[str, str | None]
"""A sentence, and the text that is wrong where it is one."""


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """What SageMaker would refuse of the arguments of steps."""
    judge = _Judge(Kinds(definition))
    return [
        Finding(sentence=sentence, step=step["Name"], literal=literal)
        for step in canonical.steps(dict(definition))
        for sentence, literal in judge.step(step)
    ]


class _Judge:
    """Walks the arguments of steps along botocore's shapes."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def step(self, step: Mapping[str, Any]) -> Iterator[Wrong]:
        """What is wrong with one step's type and arguments."""
        call = service.CALLS.get(step["Type"])
        if call is None:
            yield from _type(step)
            return
        given = dict(step.get("Arguments", {}))
        if call.named_by_service is not None:
            given.setdefault(call.named_by_service, {"Get": "Execution.PipelineExecutionId"})
        yield from self.check(given, service.input_shape(call.create), f"Step {step['Name']}")

    def check(self, value: Any, shape: Any, where: str) -> Iterator[Wrong]:
        """What is wrong with ``value`` where botocore wants ``shape``."""
        if is_function(value):
            if not self._kinds.fits(value, shape):
                yield _misfit(value, self._kinds.of(value), shape, where), None
        elif shape.type_name in ("structure", "list", "map"):
            yield from getattr(self, f"_{shape.type_name}")(value, shape, where)
        elif judge := _JUDGES.get(shape.type_name):
            yield from judge(value, shape, where)

    def _structure(self, value: Any, shape: Any, where: str) -> Iterator[Wrong]:
        if not isinstance(value, dict):
            yield f"{where} is {value!r}; expected {shape.name}, an object.", None
            return
        for name in shape.required_members:
            if name not in value:
                yield f"{where}.{name} is missing; {shape.name} requires it.", None
        for name, member in value.items():
            if name in shape.members:
                yield from self.check(member, shape.members[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is unknown; the members of {shape.name} are {_listed(shape.members)}.", None

    def _list(self, value: Any, shape: Any, where: str) -> Iterator[Wrong]:
        if not isinstance(value, list):
            yield f"{where} is {value!r}; expected a list.", None
            return
        yield from _range(len(value), shape, where, "the number of members")
        for number, member in enumerate(value):
            yield from self.check(member, shape.member, f"{where}[{number}]")

    def _map(self, value: Any, shape: Any, where: str) -> Iterator[Wrong]:
        if not isinstance(value, dict):
            yield f"{where} is {value!r}; expected an object.", None
            return
        yield from _range(len(value), shape, where, "the number of members")
        for key, member in value.items():
            yield from self.check(key, shape.key, f"{where}: key {key!r}")
            yield from self.check(member, shape.value, f"{where}.{key}")


def _type(step: Mapping[str, Any]) -> Iterator[Wrong]:
    kind, supported = step["Type"], ", ".join(sorted(service.STEP_TYPES))
    if kind in service.ELSEWHERE:
        yield f"Step {step['Name']}: steps of type {kind} are not supported; supported are {supported}.", None
    elif kind not in service.STEP_TYPES:
        yield f"Step {step['Name']}: {kind!r} is no step type; supported are {supported}.", None


def _misfit(function: Mapping[str, Any], given: str | None, shape: Any, where: str) -> str:
    wanted = _WORDS.get(shape.type_name, shape.type_name)
    if given is None or next(iter(function)) != "Get":
        return f"{where} is {described(function)}, which gives one value; expected {wanted}."
    remedy = "; write .to_string()" if shape.type_name == "string" and given in _WRITTEN else ""
    return f"{where} is {described(function)}, {_WORDS.get(given, given)}; expected {wanted}{remedy}."


_WRITTEN = ("integer", "float", "boolean")
_WORDS = {
    **{"string": "a text", "boolean": "true or false", "timestamp": "an instant"},
    **{"integer": "a whole number", "long": "a whole number", "float": "a number", "double": "a number"},
    **{"structure": "an object", "map": "an object", "list": "a list"},
}


def _string(value: Any, shape: Any, where: str) -> Iterator[Wrong]:
    if not isinstance(value, str):
        yield f"{where} is {value!r}; expected a text.", None
        return
    yield from _range(len(value), shape, where, "the length")
    allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if allowed and value not in allowed:
        yield f"{where} is {value!r}; expected one of {_listed(allowed)}.", value
    elif pattern and not regex.fullmatch(pattern, value, flags=regex.DOTALL):
        yield f"{where} is {value!r}; expected the form {pattern}.", value


def _integer(value: Any, shape: Any, where: str) -> Iterator[Wrong]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield f"{where} is {value!r}; expected a whole number.", value if isinstance(value, str) else None
        return
    yield from _range(value, shape, where, "the value")


def _number(value: Any, shape: Any, where: str) -> Iterator[Wrong]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield f"{where} is {value!r}; expected a number.", value if isinstance(value, str) else None
        return
    yield from _range(value, shape, where, "the value")


def _boolean(value: Any, shape: Any, where: str) -> Iterator[Wrong]:
    if not isinstance(value, bool):
        yield f"{where} is {value!r}; expected true or false.", value if isinstance(value, str) else None


def _range(size: float, shape: Any, where: str, what: str) -> Iterator[Wrong]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{where}: {what}, {size}, is below {least}.", None
    if most is not None and size > most:
        yield f"{where}: {what}, {size}, is above {most}.", None


_JUDGES: Mapping[str, Callable[[Any, Any, str], Iterator[Wrong]]] = {
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
