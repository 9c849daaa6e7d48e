"""A template as data: read from JSON or YAML, its sections and the attributes of its resources checked for shape."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.sections import check_sections
from local.errors import UnsupportedLocally

_SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
    }
)
_SECTIONS_REFUSED: Final = frozenset({"Hooks", "Transform"})
_ATTRIBUTES: Final = frozenset(
    {"Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"}
)
_ATTRIBUTES_REFUSED: Final = frozenset({"CreationPolicy", "UpdatePolicy"})
_POLICIES: Final = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate"),
    "UpdateReplacePolicy": ("Delete", "Retain"),
}


@dataclass(frozen=True)
class Declaration:
    """A resource as its template declares it; `properties` still hold intrinsic functions."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None
    depends_on: tuple[str, ...]
    deletion_policy: str
    update_replace_policy: str
    metadata: Any


@dataclass(frozen=True)
class Template:
    """A template whose sections have the right shape; what they say has not been judged yet."""

    body: str
    version: str | None
    description: str | None
    metadata: Any
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    rules: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Declaration]
    outputs: Mapping[str, Mapping[str, Any]]


def parse(body: str) -> Template:
    """Read a template.

    Raises InvalidRequest with CloudFormation's own "Template format error", and UnsupportedLocally for transforms,
    hooks, creation and update policies, and snapshots.
    """
    document = _document(body)
    _check_sections(document)
    check_sections(document)
    resources = _section(document, "Resources")
    if not resources:
        raise InvalidRequest("Template format error: At least one Resources member must be defined.")
    return Template(
        body=body,
        version=document.get("AWSTemplateFormatVersion"),
        description=document.get("Description"),
        metadata=document.get("Metadata"),
        parameters=_objects(document, "Parameters"),
        mappings=_section(document, "Mappings"),
        conditions=_section(document, "Conditions"),
        rules=_objects(document, "Rules"),
        resources={name: _declaration(name, value) for name, value in resources.items()},
        outputs=_objects(document, "Outputs"),
    )


def _document(body: str) -> dict[str, Any]:
    document = _from_json(body) if body.lstrip().startswith("{") else _from_yaml(body)
    if not isinstance(document, dict):
        raise InvalidRequest("Template format error: unsupported structure.")
    return document


def _from_json(body: str) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        # YAML's flow style also begins with a brace.
        try:
            return _from_yaml(body)
        except InvalidRequest:
            at = f"(line {error.lineno}, column {error.colno})"
            raise InvalidRequest(f"Template format error: JSON not well-formed. {at}") from error


def _from_yaml(body: str) -> Any:
    try:
        return yaml.load(body, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"(line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise InvalidRequest(f"Template format error: YAML not well-formed. {at}") from error
    except yaml.YAMLError as error:
        raise InvalidRequest("Template format error: YAML not well-formed.") from error


class _Loader(yaml.SafeLoader):
    """Knows the short forms of intrinsic functions; reads dates and names as text, and no aliases, as CloudFormation.

    CloudFormation User Guide, Template formats: aliases, hash merges and the tag of timestamps are not supported.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and the kind are PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """One node of the document, which is no alias."""
        if self.check_event(yaml.AliasEvent):
            raise InvalidRequest("Template format error: YAML aliases are not allowed in CloudFormation templates")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """An object, whose names are texts also where they look like numbers."""
        return {str(name): value for name, value in super().construct_mapping(node, deep=deep).items()}


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    match node:
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
    if name in ("Ref", "Condition"):
        return {name: value}
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


def _check_sections(document: Mapping[str, Any]) -> None:
    for name in sorted(document.keys() & _SECTIONS_REFUSED):
        raise UnsupportedLocally(f"the template section {name}")
    unknown = sorted(document.keys() - _SECTIONS)
    if unknown:
        raise InvalidRequest(f"Invalid template property or properties [{', '.join(unknown)}]")


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name) or {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"Template format error: {name} must be an object.")
    return value


def _objects(document: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    section = _section(document, name)
    for key, value in section.items():
        if not isinstance(value, dict):
            raise InvalidRequest(f"Template format error: Every {name} member must be an object. ({key})")
    return section


def _declaration(logical_id: str, value: Any) -> Declaration:
    at = f"[/Resources/{logical_id}]"
    if not isinstance(value, dict):
        raise InvalidRequest(f"Template format error: {at} resource definition is malformed")
    if not isinstance(value.get("Type"), str):
        raise InvalidRequest(f"Template format error: {at} Every Resources object must contain a Type member.")
    _check_attributes(logical_id, value)
    properties = value.get("Properties") or {}
    if not isinstance(properties, dict):
        raise InvalidRequest(f"Template format error: {at} Properties must be an object.")
    depends_on = value.get("DependsOn", [])
    if not isinstance(depends_on, str) and not _texts(depends_on):
        raise InvalidRequest(
            f"Template format error: {at} Every DependsOn value must be a string or a list of strings."
        )
    return Declaration(
        logical_id=logical_id,
        type=value["Type"],
        properties=properties,
        condition=value.get("Condition"),
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        deletion_policy=value.get("DeletionPolicy", "Delete"),
        update_replace_policy=value.get("UpdateReplacePolicy", "Delete"),
        metadata=value.get("Metadata"),
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _check_attributes(logical_id: str, value: Mapping[str, Any]) -> None:
    for name in sorted(value.keys() - _ATTRIBUTES):
        if name in _ATTRIBUTES_REFUSED:
            raise UnsupportedLocally(f"the attribute {name} of the resource {logical_id}")
        raise InvalidRequest(f"Invalid template resource property '{name}'")
    if not isinstance(value.get("Condition", ""), str):
        raise InvalidRequest(
            f"Template format error: [/Resources/{logical_id}] Every Condition member must be a string."
        )
    for name, allowed in _POLICIES.items():
        policy = value.get(name, "Delete")
        if policy == "Snapshot":
            raise UnsupportedLocally(f"the {name} Snapshot of the resource {logical_id}")
        if policy not in allowed:
            raise InvalidRequest(f"Template error: Unrecognized {name} {policy} for resource {logical_id}")
