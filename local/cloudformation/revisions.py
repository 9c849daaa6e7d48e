"""A revision: a template with the values of its parameters, judged as a whole before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from local.cloudformation.check import check_references, check_types
from local.cloudformation.conditions import check_rules, conditions
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.graph import check_cycles, references
from local.cloudformation.intrinsics import NO_VALUE, Resolver, Scope, function_name
from local.cloudformation.parameters import Parameter, resolve
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.resources.provisioner import tag_list, tags
from local.cloudformation.template import Declaration, Template
from local.roles import Clients
from local.services import Services


@dataclass(frozen=True)
class Revision:
    """What a stack is asked to be.

    `needs` holds the resources whose conditions are true, each with those that it needs; `imports` are the names of
    the exports it uses.
    """

    template: Template
    parameters: Mapping[str, Parameter]
    tags: Mapping[str, str]
    capabilities: tuple[str, ...]
    scope: Scope
    needs: Mapping[str, frozenset[str]]
    imports: frozenset[str]

    def declaration(self, logical_id: str) -> Declaration:
        """The resource as the template declares it."""
        return self.template.resources[logical_id]

    def properties(
        self, logical_id: str, *, reference: Callable[[str], Any], attribute: Callable[[str, str], Any]
    ) -> dict[str, Any]:
        """A resource's properties, with references resolved by the given functions and the stack's tags added."""
        declared = self.declaration(logical_id)
        resolver = Resolver(replace(self.scope, reference=reference, attribute=attribute))
        resolved: dict[str, Any] = resolver.resolve(dict(declared.properties))
        return self._tagged(declared.type, resolved)

    def _tagged(self, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        shape = CATALOGUE[kind].schema.tags
        if shape == "none" or not self.tags:
            return properties
        merged = {**self.tags, **tags(properties.get("Tags"))}
        return {**properties, "Tags": merged if shape == "map" else tag_list(merged)}


@dataclass(frozen=True)
class Revisions:
    """Builds revisions for an account."""

    services: Services
    exported: Callable[[str], str | None]
    """Gives the value of an export by its name; None when nobody exports it."""
    clients: Clients | None = None
    """In whose name parameters are read; None for the account's administrator."""

    def build(
        self,
        template: Template,
        texts: Mapping[str, str],
        *,
        stack_name: str,
        stack_id: str,
        tags: Mapping[str, str],
        capabilities: tuple[str, ...] = (),
    ) -> Revision:
        """Judge a template with the given parameter texts. Raises InvalidRequest and UnsupportedLocally."""
        check_types(template)
        check_references(template)
        parameters = resolve(template, texts, fetch=self._fetch)
        scope = self._scope(template, parameters, stack_name=stack_name, stack_id=stack_id)
        check_rules(template, scope)
        scope = replace(scope, conditions=conditions(template, scope))
        needs = _needs(template, scope.conditions)
        check_cycles(needs)
        imports = frozenset(_imports(template, scope, list(needs)))
        return Revision(template, parameters, dict(tags), capabilities, scope, needs, imports)

    def _scope(
        self, template: Template, parameters: Mapping[str, Parameter], *, stack_name: str, stack_id: str
    ) -> Scope:
        pseudo = {
            "AWS::AccountId": self.services.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": self.services.region,
            "AWS::StackId": stack_id,
            "AWS::StackName": stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        values = {name: parameter.value for name, parameter in parameters.items()}
        return Scope(parameters=values, pseudo=pseudo, mappings=template.mappings, exported=self.export)

    def export(self, name: str) -> str:
        """The value of an export. Raises InvalidRequest when nobody exports that name."""
        value = self.exported(name)
        if value is None:
            raise InvalidRequest(f"No export named {name} found.")
        return value

    def _fetch(self, name: str) -> str | None:
        try:
            return str((self.clients or self.services).client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return None
            raise


def active(template: Template, conditions: Mapping[str, bool]) -> list[str]:
    """The resources whose conditions are true, in the template's order."""
    return [name for name, what in template.resources.items() if not what.condition or conditions[what.condition]]


def outputs(template: Template, conditions: Mapping[str, bool]) -> dict[str, Mapping[str, Any]]:
    """The outputs whose conditions are true."""
    return {
        name: what
        for name, what in template.outputs.items()
        if "Condition" not in what or conditions[what["Condition"]]
    }


def _needs(template: Template, conditions: Mapping[str, bool]) -> dict[str, frozenset[str]]:
    names = active(template, conditions)
    needs = {}
    for name in names:
        declared = template.resources[name]
        asked = {found.name for found in references(declared.properties, conditions)} & template.resources.keys()
        _check_active(asked, names, block="Resources")
        # DependsOn a resource that its condition leaves out is no dependency.
        needs[name] = frozenset(asked | (set(declared.depends_on) & set(names)))
    for what in outputs(template, conditions).values():
        asked = {found.name for found in references(what, conditions)} & template.resources.keys()
        _check_active(asked, names, block="Outputs")
    return needs


def _check_active(asked: set[str], names: list[str], *, block: str) -> None:
    absent = sorted(asked - set(names))
    if absent:
        raise InvalidRequest(
            f"Template format error: Unresolved resource dependencies [{', '.join(absent)}] "
            f"in the {block} block of the template"
        )


def _imports(template: Template, scope: Scope, names: list[str]) -> Iterator[str]:
    resolver = Resolver(scope)
    values = [template.resources[name].properties for name in names]
    for argument in _import_arguments([*values, *outputs(template, scope.conditions).values()], scope.conditions):
        name = str(resolver.resolve(argument))
        scope.exported(name)
        yield name


def _import_arguments(value: Any, conditions: Mapping[str, bool]) -> Iterator[Any]:
    name = function_name(value)
    if name == "Fn::ImportValue":
        yield value[name]
    elif name == "Fn::If" and isinstance(value[name], list) and len(value[name]) == 3:
        condition, yes, no = value[name]
        yield from _import_arguments(yes if conditions.get(str(condition)) else no, conditions)
    else:
        items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        for item in items:
            yield from _import_arguments(item, conditions)
