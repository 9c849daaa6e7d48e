"""The operations on templates: get, summarize, validate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.cloudformation.api.change_sets import ChangeSets
from local.cloudformation.api.source import template_body
from local.cloudformation.api.submission import capabilities, capability_types
from local.cloudformation.check import check_references, check_types
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.stacks import Stacks
from local.cloudformation.template import Template, parse
from local.front import Handler
from local.services import Services
from local.wire import Call

Params = dict[str, Any]


class Templates:
    """Handlers of the operations on templates."""

    def __init__(self, services: Services, stacks: Stacks, change_sets: ChangeSets) -> None:
        self._services, self._stacks, self._change_sets = services, stacks, change_sets

    def handlers(self) -> dict[str, Handler]:
        """The operations, by name."""
        return {
            "GetTemplate": self._get_template,
            "GetTemplateSummary": self._get_template_summary,
            "ValidateTemplate": self._validate_template,
        }

    def _get_template(self, params: Params, _: Call) -> Params:
        # A stack that only has change sets answers with an empty text.
        empty = self._in_review(params)
        return {"TemplateBody": "" if empty else self._kept(params).body, "StagesAvailable": ["Original", "Processed"]}

    def _get_template_summary(self, params: Params, call: Call) -> Params:
        template = self._kept(params) if "StackName" in params else self._given(params, call)
        kinds = sorted({what.type for what in template.resources.values()})
        return {
            "Parameters": [_declared(name, what) for name, what in template.parameters.items()],
            "Description": template.description,
            **_consent(template),
            "ResourceTypes": kinds,
            "Version": template.version,
            "Metadata": None if template.metadata is None else json.dumps(template.metadata),
            "DeclaredTransforms": [],
        }

    def _validate_template(self, params: Params, call: Call) -> Params:
        template = self._given(params, call)
        check_types(template)
        check_references(template)
        return {
            "Parameters": [_summary(name, what) for name, what in template.parameters.items()],
            "Description": template.description,
            **_consent(template),
            "DeclaredTransforms": [],
        }

    def _given(self, params: Params, call: Call) -> Template:
        return parse(template_body(params, self._services.roles.calling(call.access_key_id)))

    def _in_review(self, params: Params) -> bool:
        by_stack = "StackName" in params and "ChangeSetName" not in params
        return by_stack and self._stacks.get(params["StackName"]).revision is None

    def _kept(self, params: Params) -> Template:
        if "ChangeSetName" in params:
            return self._change_sets.find(params)[1].revision.template
        if "StackName" not in params:
            raise InvalidRequest("StackName is required if ChangeSetName is not specified.")
        stack = self._stacks.get(params["StackName"])
        if stack.revision is None:
            raise InvalidRequest(f"Stack with id {params['StackName']} has no template yet")
        return stack.revision.template


def _consent(template: Template) -> Params:
    needed = capabilities(template)
    if not needed:
        return {}
    kinds = ", ".join(capability_types(template))
    return {"Capabilities": needed, "CapabilitiesReason": f"The following resource(s) require capabilities: [{kinds}]"}


def _summary(name: str, what: Mapping[str, Any]) -> Params:
    return {
        "ParameterKey": name,
        "DefaultValue": str(what["Default"]) if "Default" in what else None,
        "NoEcho": str(what.get("NoEcho", "")).lower() == "true",
        "Description": what.get("Description"),
    }


def _declared(name: str, what: Mapping[str, Any]) -> Params:
    constraints = {"AllowedValues": [str(value) for value in what["AllowedValues"]]} if "AllowedValues" in what else {}
    return {**_summary(name, what), "ParameterType": what.get("Type"), "ParameterConstraints": constraints}
