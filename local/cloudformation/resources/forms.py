"""The forms that properties must have before anything is made of them: who removes a resource reads them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from local.cloudformation.resources.provisioner import Schema

_TEXT: Final = "text"
_OBJECT: Final = "object"
_ANY: Final = "any"
_GRANTS: Final[Mapping[str, Any]] = {
    "ManagedPolicyArns": [_TEXT],
    "Policies": [{"PolicyDocument": _ANY, "PolicyName": _TEXT}],
}
_HOLDERS: Final[Mapping[str, Any]] = {"Groups": [_TEXT], "Roles": [_TEXT], "Users": [_TEXT]}
_FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "AWS::CloudFormation::Stack": {"Parameters": _OBJECT, "TemplateURL": _TEXT},
    "AWS::Events::Rule": {"Targets": [{"Arn": _TEXT, "Id": _TEXT}]},
    "AWS::IAM::Group": _GRANTS,
    "AWS::IAM::InstanceProfile": _HOLDERS,
    "AWS::IAM::ManagedPolicy": _HOLDERS,
    "AWS::IAM::Policy": _HOLDERS,
    "AWS::IAM::Role": _GRANTS,
    "AWS::IAM::User": {**_GRANTS, "Groups": [_TEXT], "LoginProfile": _OBJECT},
    "AWS::Lambda::Function": {"Code": _OBJECT},
    "AWS::S3::Bucket": {"LifecycleConfiguration": _OBJECT},
    "AWS::SNS::TopicPolicy": {"Topics": [_TEXT]},
    "AWS::SQS::QueuePolicy": {"Queues": [_TEXT]},
    "AWS::SNS::Topic": {"Subscription": [{"Endpoint": _TEXT, "Protocol": _TEXT}]},
    "AWS::SageMaker::Pipeline": {"PipelineDefinition": _OBJECT},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": _OBJECT},
}
"""By type and property: a text, an object, a list of what stands in it, or an object with the members it cannot lack.

What stands here is read by us; what goes to an API as it is, the API's own shape is held against.
"""

_TAGS: Final[Mapping[Literal["list", "map", "none"], Any]] = {
    "list": [{"Key": _TEXT, "Value": _TEXT}],
    "map": _OBJECT,
    "none": None,
}
_NAMES: Final = ((bool, "Boolean"), (str, "String"), (int, "Integer"), (float, "Number"), (list, "JSONArray"))


def ill_formed(schema: Schema, properties: Mapping[str, Any]) -> str:
    """What of a type's properties has a form that the type does not know, in CloudFormation's words; else empty."""
    forms = {"Tags": _TAGS[schema.tags], **_FORMS.get(schema.type, {})}
    found = [
        line
        for name, form in forms.items()
        if form is not None and name in properties
        for line in _differences(form, properties[name], at=f"#/{name}")
    ]
    return "; ".join(found)


def _differences(form: Any, value: Any, *, at: str) -> Iterator[str]:
    kind, wanted = _kinds(form)
    given: Any = value
    if not isinstance(given, kind):
        yield _expected(wanted, given, at=at)
    elif isinstance(form, list):
        for index, item in enumerate(given):
            yield from _differences(form[0], item, at=f"{at}/{index}")
    elif isinstance(form, Mapping):
        for name, inner in form.items():
            if name in given:
                yield from _differences(inner, given[name], at=f"{at}/{name}")
            else:
                yield f"{at}: required key [{name}] not found"


def _kinds(form: Any) -> tuple[Any, str]:
    if form == _ANY:
        return object, ""
    if form == _TEXT:
        return (str, int, float), "String"
    return (list, "JSONArray") if isinstance(form, list) else (Mapping, "JSONObject")


def _expected(wanted: str, value: Any, *, at: str) -> str:
    found = next((name for kind, name in _NAMES if isinstance(value, kind)), "JSONObject" if value else "Null")
    return f"{at}: expected type: {wanted}, found: {found}"
