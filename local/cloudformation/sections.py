"""The shape of a template's sections beside its resources: what each member must hold before it can be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import regex

from local.cloudformation.errors import InvalidRequest
from local.errors import UnsupportedLocally

_VERSION: Final = "2010-09-09"
_LONGEST_DESCRIPTION_BYTES: Final = 1024
_LONGEST_NAME: Final = 255
_NAMED: Final = {"Outputs": "Output", "Parameters": "Parameter", "Resources": "Resource"}
_KINDS: Final = regex.compile(
    r"String|Number|CommaDelimitedList|List<(String|Number|AWS::[\w:]+)>|AWS::SSM::Parameter::Value<[\w:<>]+>"
    r"|AWS::SSM::Parameter::Name|AWS::EC2::[\w:]+|AWS::Route53::HostedZone::Id"
)
"""The types of parameters (AWS CloudFormation User Guide, Parameters)."""


def check_sections(document: Mapping[str, Any]) -> None:
    """Raise InvalidRequest with CloudFormation's "Template format error" for the first member of a wrong shape."""
    for message in _wrong(document):
        raise InvalidRequest(f"Template format error: {message}")


def _wrong(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _wrong_texts(document)
    for section, noun in _NAMED.items():
        for name in _members(document, section):
            yield from _wrong_name(name, noun)
    for section, wrong in _WRONG.items():
        for name, what in _members(document, section).items():
            yield from wrong(name, what)


def _wrong_texts(document: Mapping[str, Any]) -> Iterator[str]:
    version, description = str(document.get("AWSTemplateFormatVersion", _VERSION)), document.get("Description", "")
    if version != _VERSION:
        yield f"{version} is not a supported value for AWSTemplateFormatVersion."
    if not isinstance(description, str):
        yield "Description must be a string."
    elif len(description.encode()) > _LONGEST_DESCRIPTION_BYTES:
        yield f"'Description' length is greater than {_LONGEST_DESCRIPTION_BYTES}."


def _wrong_name(name: str, noun: str) -> Iterator[str]:
    if name.startswith("Fn::"):
        raise UnsupportedLocally(f"the intrinsic function {name}")
    if not name.isascii() or not name.isalnum():
        yield f"{noun} name {name} is non alphanumeric."
    if len(name) > _LONGEST_NAME:
        yield f"{noun} name {name} is longer than {_LONGEST_NAME} characters."


def _members(document: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    # A section that is no object is refused by whoever reads it.
    found = document.get(section)
    return found if isinstance(found, dict) else {}


def _wrong_parameter(name: str, what: Any) -> Iterator[str]:
    if not isinstance(what, Mapping):
        return
    kind = what.get("Type")
    if not isinstance(kind, str) or not kind:
        yield f"Every Parameters object must contain a Type member. ({name})"
    elif not _KINDS.fullmatch(kind):
        yield f"Unrecognized parameter type: {kind}"
    if "Default" in what and not isinstance(what["Default"], str | int | float):
        yield f"Every Default member must be a string. ({name})"
    if not isinstance(what.get("AllowedValues", []), list):
        yield f"Every AllowedValues member must be a list. ({name})"
    for bound in ("MaxLength", "MinLength", "MaxValue", "MinValue"):
        if bound in what and not _is_number(what[bound]):
            yield f"Every {bound} member must be a number. ({name})"
    if not _is_pattern(what.get("AllowedPattern", "")):
        yield f"AllowedPattern of {name} is no regular expression."


def _wrong_output(name: str, what: Any) -> Iterator[str]:
    if not isinstance(what, Mapping):
        return
    if "Value" not in what:
        yield f"[/Outputs/{name}] Every Outputs member must contain a Value object"
    if not isinstance(what.get("Description", ""), str):
        yield f"[/Outputs/{name}] Every Description member must be a string."
    if not isinstance(what.get("Condition", ""), str):
        yield f"[/Outputs/{name}] Every Condition member must be a string."
    export = what.get("Export", {"Name": "it"})
    if not isinstance(export, Mapping) or not export.get("Name"):
        yield f"[/Outputs/{name}/Export] Every Export member must contain a Name that is not empty."


def _wrong_mapping(name: str, what: Any) -> Iterator[str]:
    if not isinstance(what, Mapping) or not all(isinstance(row, Mapping) for row in what.values()):
        yield f"Every Mappings member must be a map of maps. ({name})"


def _wrong_rule(name: str, what: Any) -> Iterator[str]:
    assertions = what.get("Assertions") if isinstance(what, Mapping) else []
    if not isinstance(assertions, list) or not all(isinstance(item, Mapping) for item in assertions):
        yield f"Rule {name} must have a list of Assertions."


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_pattern(value: Any) -> bool:
    try:
        regex.compile(value)
    except (TypeError, regex.error):
        return False
    return True


_WRONG: Final[Mapping[str, Callable[[str, Any], Iterator[str]]]] = {
    "Parameters": _wrong_parameter,
    "Mappings": _wrong_mapping,
    "Rules": _wrong_rule,
    "Outputs": _wrong_output,
}
