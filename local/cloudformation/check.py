"""Judges a template without its parameters: types and properties are known, names refer to something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.graph import Reference, references
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.template import Declaration, Template

_PSEUDO: Final = frozenset(
    {
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    }
)


def check_types(template: Template) -> None:
    """Raise InvalidRequest naming every resource type and every property that is not supported, with its logical id."""
    unknown = {name: what.type for name, what in template.resources.items() if what.type not in CATALOGUE}
    if unknown:
        types = ", ".join(sorted(set(unknown.values())))
        named = ", ".join(f"{name} ({kind})" for name, kind in unknown.items())
        raise InvalidRequest(
            f"Template format error: Unrecognized resource types: [{types}]. The local cloud does not support {named}."
        )
    broken = [text for what in template.resources.values() for text in _unknown_properties(what)]
    if broken:
        raise InvalidRequest("; ".join(broken))


def check_references(template: Template) -> None:
    """Raise InvalidRequest when a name refers to nothing, in the words of CloudFormation."""
    for what in template.resources.values():
        found = list(references(what.properties))
        _check_names(template, found, block="Resources")
        _check_attributes(template, found)
        absent = [name for name in what.depends_on if name not in template.resources]
        if absent:
            raise _unresolved(absent, block="Resources")
        _check_condition(template, what.condition, block="Resources")
    for output in template.outputs.values():
        found = list(references(output))
        _check_names(template, found, block="Outputs")
        _check_attributes(template, found)
        _check_condition(template, output.get("Condition"), block="Outputs")


def _unknown_properties(what: Declaration) -> list[str]:
    schema = CATALOGUE[what.type].schema
    return [
        f"Properties validation failed for resource {what.logical_id}: extraneous key [{name}] is not permitted; "
        f"the local cloud does not support the property {name} of {what.type}"
        for name in what.properties
        if not schema.has_property(name)
    ]


def _check_names(template: Template, found: list[Reference], *, block: str) -> None:
    names = [reference.name for reference in found if reference.attribute is None]
    absent = [name for name in names if not _known(template, name)]
    if absent:
        raise _unresolved(absent, block=block)


def _check_attributes(template: Template, found: list[Reference]) -> None:
    for name, attribute in found:
        if attribute is None:
            continue
        what = template.resources.get(name)
        if what is None:
            raise InvalidRequest(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
        if attribute and not CATALOGUE[what.type].schema.has_attribute(attribute):
            raise InvalidRequest(
                f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
            )


def _check_condition(template: Template, condition: Any, *, block: str) -> None:
    if condition is not None and condition not in template.conditions:
        raise InvalidRequest(
            f"Template format error: Unresolved condition dependency {condition} in the {block} block of the template"
        )


def _known(template: Template, name: str) -> bool:
    sections: tuple[Mapping[str, Any], ...] = (template.parameters, template.resources)
    return name in _PSEUDO or any(name in section for section in sections)


def _unresolved(names: list[str], *, block: str) -> InvalidRequest:
    listed = ", ".join(dict.fromkeys(names))
    return InvalidRequest(
        f"Template format error: Unresolved resource dependencies [{listed}] in the {block} block of the template"
    )
