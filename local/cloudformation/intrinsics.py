"""Intrinsic functions: what a template's values mean in one revision of a stack."""

from __future__ import annotations

import base64
import enum
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.cloudformation.errors import InvalidRequest
from local.errors import UnsupportedLocally


class _NoValue(enum.Enum):
    """An enumeration of one: it is the same one again after it was kept."""

    NO_VALUE = "AWS::NoValue"


NO_VALUE: Final = _NoValue.NO_VALUE
"""What `AWS::NoValue` resolves to: the property or list item that holds it is left out."""

PLACEHOLDER: Final = re.compile(r"\$\{(?P<name>[^}]*)\}")
"""A variable in the text of Fn::Sub; `${!Literal}` is text and not a variable."""


@dataclass(frozen=True)
class Unknown:
    """A value that exists only once resources have been made; `sources` name them: `Config.EndpointConfigName`."""

    sources: frozenset[str]


@dataclass(frozen=True)
class Scope:
    """What names mean while values are resolved."""

    parameters: Mapping[str, Any]
    pseudo: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    reference: Callable[[str], Any] = lambda name: _unresolved(name)
    """`Ref` of a resource, by logical id."""
    attribute: Callable[[str, str], Any] = lambda name, attribute: _unresolved(name)
    """`Fn::GetAtt`, by logical id and attribute."""
    exported: Callable[[str], str] = lambda name: _unresolved(name)
    """`Fn::ImportValue`, by the export's name."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Functions are not kept: who takes a scope up again gives it its own.
        return Scope, (self.parameters, self.pseudo, self.mappings, self.conditions)


def function_name(value: Any) -> str | None:
    """The intrinsic function that an object calls; None when it is an object of its own."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name = next(iter(value))
    return name if name == "Ref" or name.startswith("Fn::") else None


def target(argument: Any) -> tuple[str, Any]:
    """The logical id and the attribute that an Fn::GetAtt asks for. Raises InvalidRequest."""
    if isinstance(argument, str):
        logical_id, _, attribute = argument.partition(".")
        return logical_id, attribute
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
        return argument[0], argument[1]
    raise InvalidRequest("Template error: every Fn::GetAtt object requires two non-empty parameters")


class Resolver:
    """Resolves values in a scope. Text that holds an Unknown is Unknown as a whole."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function replaced by its result. Raises InvalidRequest."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        name = function_name(value)
        if name is not None:
            return self.call(name, value[name])
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def call(self, name: str, argument: Any) -> Any:
        """The result of one intrinsic function. Raises InvalidRequest, and UnsupportedLocally for an unknown one."""
        function = _FUNCTIONS.get(name)
        if function is None:
            raise UnsupportedLocally(f"the intrinsic function {name}")
        return function(self, argument)

    def ref(self, name: Any) -> Any:
        """What `Ref` gives for a pseudo parameter, a parameter or a resource."""
        if not isinstance(name, str):
            raise _unresolved(name)
        if name in self.scope.pseudo:
            return self.scope.pseudo[name]
        if name in self.scope.parameters:
            return self.scope.parameters[name]
        return self.scope.reference(name)

    def items(self, name: str, argument: Any, *, size: int) -> list[Any]:
        """A function's list argument, resolved item by item. Raises InvalidRequest when it is not of that size."""
        if not isinstance(argument, list) or len(argument) != size:
            raise InvalidRequest(f"Template error: {name} requires a list argument with {size} elements")
        return [self.resolve(item) for item in argument]


def _unresolved(name: str) -> Any:
    raise InvalidRequest(f"Template format error: Unresolved dependencies [{name}]. Cannot reference resources here")


def _unknown_in(*values: Any) -> Unknown | None:
    sources = frozenset().union(*(value.sources for value in values if isinstance(value, Unknown)))
    return Unknown(sources) if sources else None


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidRequest(f"Template error: every {name} argument must resolve to a string, not to a list or an object")


def _get_att(resolver: Resolver, argument: Any) -> Any:
    logical_id, attribute = target(argument)
    return resolver.scope.attribute(logical_id, str(resolver.resolve(attribute)))


def _sub(resolver: Resolver, argument: Any) -> Any:
    text, variables = sub_arguments(argument)
    known = {name: resolver.resolve(value) for name, value in variables.items()}
    names = [found["name"].strip() for found in PLACEHOLDER.finditer(text)]
    values = {name: _variable(resolver, name, known) for name in names if not name.startswith("!")}
    unknown = _unknown_in(*values.values())
    if unknown is not None:
        return unknown

    def replaced(found: re.Match[str]) -> str:
        name = found["name"].strip()
        return f"${{{name[1:]}}}" if name.startswith("!") else _text("Fn::Sub", values[name])

    return PLACEHOLDER.sub(replaced, text)


def sub_arguments(argument: Any) -> tuple[str, dict[str, Any]]:
    """The text of an Fn::Sub and the values of the variables that are its own. Raises InvalidRequest."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, variables = argument
        if isinstance(text, str) and isinstance(variables, dict):
            return text, variables
    raise InvalidRequest(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. "
        "Specify a string as first argument, and an optional second argument to specify a mapping of values to "
        "replace in the string"
    )


def _variable(resolver: Resolver, name: str, known: Mapping[str, Any]) -> Any:
    if name in known:
        return known[name]
    logical_id, dot, attribute = name.partition(".")
    return resolver.scope.attribute(logical_id, attribute) if dot else resolver.ref(name)


def _join(resolver: Resolver, argument: Any) -> Any:
    separator, parts = resolver.items("Fn::Join", argument, size=2)
    if isinstance(parts, Unknown):
        return parts
    if not isinstance(separator, str) or not isinstance(parts, list):
        raise InvalidRequest("Template error: every Fn::Join object requires a string delimiter and a list of strings")
    return _unknown_in(*parts) or separator.join(_text("Fn::Join", part) for part in parts)


def _split(resolver: Resolver, argument: Any) -> Any:
    separator, text = resolver.items("Fn::Split", argument, size=2)
    if not isinstance(separator, str) or not separator:
        raise InvalidRequest("Template error: every Fn::Split object requires a string delimiter that is not empty")
    return text if isinstance(text, Unknown) else _text("Fn::Split", text).split(separator)


def _select(resolver: Resolver, argument: Any) -> Any:
    index, choices = resolver.items("Fn::Select", argument, size=2)
    unknown = _unknown_in(index, choices)
    if unknown is not None:
        return unknown
    try:
        return choices[_index(index)]
    except (IndexError, ValueError, TypeError) as error:
        raise InvalidRequest(f"Template error: Fn::Select cannot select nonexistent value at index {index}") from error


def _index(value: Any) -> int:
    index = int(value)
    if index < 0:
        raise IndexError(index)
    return index


def _if(resolver: Resolver, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise InvalidRequest("Template error: Fn::If requires a list argument with three elements")
    condition, yes, no = argument
    if not isinstance(condition, str) or condition not in resolver.scope.conditions:
        raise InvalidRequest(f"Template error: unresolved condition dependency {condition} in Fn::If")
    return resolver.resolve(yes if resolver.scope.conditions[condition] else no)


def _find_in_map(resolver: Resolver, argument: Any) -> Any:
    name, *keys = resolver.items("Fn::FindInMap", argument, size=3)
    if not isinstance(name, str) or name not in resolver.scope.mappings:
        raise InvalidRequest(
            f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of template"
        )
    found = resolver.scope.mappings[name]
    for key in keys:
        if not isinstance(found, dict) or str(key) not in found:
            raise InvalidRequest(f"Template error: Unable to get mapping for {name}::{'::'.join(map(str, keys))}")
        found = found[str(key)]
    return found


def _base64(resolver: Resolver, argument: Any) -> Any:
    text = resolver.resolve(argument)
    return text if isinstance(text, Unknown) else base64.b64encode(_text("Fn::Base64", text).encode()).decode()


def _to_json_string(resolver: Resolver, argument: Any) -> Any:
    value = resolver.resolve(argument)
    return _unknown_in(*unknowns(value)) or json.dumps(value, separators=(",", ":"))


def _import_value(resolver: Resolver, argument: Any) -> Any:
    name = resolver.resolve(argument)
    if isinstance(name, Unknown):
        raise InvalidRequest("Template error: Fn::ImportValue cannot depend on a resource")
    return resolver.scope.exported(_text("Fn::ImportValue", name))


def _get_azs(resolver: Resolver, argument: Any) -> Any:
    region = resolver.resolve(argument) or resolver.scope.pseudo["AWS::Region"]
    return [f"{region}{zone}" for zone in "abc"]


_FUNCTIONS: Final[Mapping[str, Callable[[Resolver, Any], Any]]] = {
    "Ref": lambda resolver, argument: resolver.ref(argument),
    "Fn::Base64": _base64,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
}


def unknowns(value: Any) -> list[Unknown]:
    """Every Unknown inside a resolved value."""
    if isinstance(value, Unknown):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [unknown for item in items for unknown in unknowns(item)]
