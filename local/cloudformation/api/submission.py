"""What a request submits: a template with parameters, tags and consent, judged into a revision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from local.cloudformation.actor import Actor
from local.cloudformation.api.source import template_body
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.parameters import given
from local.cloudformation.revisions import Revision, Revisions
from local.cloudformation.stacks import Stack
from local.cloudformation.template import Template, parse
from local.errors import AwsError, UnsupportedLocally

SUBMITTED: Final = frozenset(
    {"Capabilities", "Parameters", "ResourceTypes", "Tags", "TemplateBody", "TemplateURL", "UsePreviousTemplate"}
)
"""The members of a request that `Submissions.revision` reads."""

_NAMED: Final = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_UNNAMED: Final = (
    "AWS::IAM::AccessKey",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::Policy",
    "AWS::IAM::UserToGroupAddition",
)


def refuse_others(params: Mapping[str, Any], known: Collection[str], *, operation: str) -> None:
    """Refuse by name the members of a request that nobody here would read. False, zero and empty mean nothing."""
    for name, value in params.items():
        if name not in known and _says_something(value):
            raise UnsupportedLocally(f"{operation} with {name}")
    if params.get("DeploymentConfig", {}).get("Mode", "STANDARD") != "STANDARD":
        raise UnsupportedLocally(f"{operation} with DeploymentConfig.Mode {params['DeploymentConfig']['Mode']}")


def _says_something(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_says_something(item) for item in value.values())
    return bool(value)


def capabilities(template: Template) -> list[str]:
    """The capability that a template's IAM resources need: one that names them, one that does not, or none."""
    named = [name for name, what in template.resources.items() if _NAMED.get(what.type) in what.properties]
    if named:
        return ["CAPABILITY_NAMED_IAM"]
    return ["CAPABILITY_IAM"] if capability_types(template) else []


def capability_types(template: Template) -> list[str]:
    """The types of a template's resources that need a capability."""
    return sorted({what.type for what in template.resources.values()} & {*_NAMED, *_UNNAMED})


class Submissions:
    """Reads revisions out of requests."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    def revision(
        self, params: Mapping[str, Any], actor: Actor, *, stack_name: str, stack_id: str, previous: Stack | None
    ) -> Revision:
        """The revision that a request asks for. The caller fetches the template, who acts reads the parameters.

        Raises InvalidRequest, UnsupportedLocally, and AwsError `InsufficientCapabilitiesException`.
        """
        template = parse(template_body(params, actor.calling(), previous=previous))
        given_capabilities = tuple(params.get("Capabilities", ()))
        _check_capabilities(template, given_capabilities)
        before = previous.revision if previous is not None else None
        _check_types(params, template, before=before.template if before is not None else None)
        texts = given(params.get("Parameters", []), template, previous=before.parameters if before else {})
        actor.check()
        return replace(self._revisions, clients=actor.acting()).build(
            template,
            texts,
            stack_name=stack_name,
            stack_id=stack_id,
            tags=_tags(params, before),
            capabilities=given_capabilities,
        )


def _check_capabilities(template: Template, given_capabilities: tuple[str, ...]) -> None:
    needed = capabilities(template)
    # Consent to named resources includes consent to unnamed ones.
    if needed and not {needed[0], "CAPABILITY_NAMED_IAM"} & set(given_capabilities):
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed[0]}]")


def _check_types(params: Mapping[str, Any], template: Template, *, before: Template | None) -> None:
    """Refuse to touch a resource of a type that the request does not name, if it names any.

    Source: AWS CloudFormation API Reference, "CreateChangeSet", ResourceTypes; the words are ours.
    """
    allowed = params.get("ResourceTypes")
    if not allowed:
        return
    if params.get("Capabilities"):
        raise InvalidRequest("Only one of the parameters Capabilities and ResourceTypes can be specified.")
    old, new = (before.resources if before is not None else {}), template.resources
    touched = [new.get(name) or old[name] for name in {**old, **new} if old.get(name) != new.get(name)]
    for kind in sorted({what.type for what in touched}):
        if not any(fnmatchcase(kind, pattern) for pattern in allowed):
            raise InvalidRequest(f"Resource type {kind} is not allowed by parameter ResourceTypes {list(allowed)}")


def _tags(params: Mapping[str, Any], before: Revision | None) -> Mapping[str, str]:
    if "Tags" not in params:
        return before.tags if before is not None else {}
    reserved = [item["Key"] for item in params["Tags"] if item["Key"].lower().startswith("aws:")]
    if reserved:
        raise InvalidRequest(f"aws: prefixed tag key names are not allowed for external use. ({', '.join(reserved)})")
    return {item["Key"]: item["Value"] for item in params["Tags"]}
