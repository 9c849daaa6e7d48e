"""The roles of a synthesized stage, and their policies as IAM would hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.rights.proof import Documents, listed

Template = Mapping[str, Any]


def roles(templates: Mapping[str, Template], *, account: str, region: str) -> dict[str, Documents]:
    """The policies of every role, by the role's name; by its logical id where CloudFormation chooses one."""
    found: dict[str, dict[str, str]] = {}
    place = f"{region}:{account}"
    for template in templates.values():
        for name, policy, document in _policies(template):
            found.setdefault(name, {})[policy] = json.dumps(_resolved(document, template, place))
    return found


def condition_keys(documents: Documents) -> set[str]:
    """The condition keys, in small letters, that a role's policies ask about."""
    statements = [s for document in documents.values() for s in json.loads(document)["Statement"]]
    return {key.lower() for s in statements for keys in s.get("Condition", {}).values() for key in keys}


def _policies(template: Template) -> Iterator[tuple[str, str, Any]]:
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            assert not properties.get("ManagedPolicyArns"), f"{logical_id} has rights that are not its own"
            name = properties.get("RoleName", logical_id)
            yield from ((name, p["PolicyName"], p["PolicyDocument"]) for p in listed(properties.get("Policies", [])))
        elif resource["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                name = template["Resources"][role["Ref"]]["Properties"].get("RoleName", role["Ref"])
                yield name, properties["PolicyName"], properties["PolicyDocument"]


def _resolved(value: Any, template: Template, place: str) -> Any:
    """A document with ARNs in the place of the references to what has a name of its own."""
    if isinstance(value, list):
        return [_resolved(item, template, place) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        return _arn(template["Resources"][value["Fn::GetAtt"][0]], place)
    return {key: _resolved(item, template, place) for key, item in value.items()}


def _arn(resource: Mapping[str, Any], place: str) -> str:
    properties = resource["Properties"]
    match resource["Type"]:
        case "AWS::Logs::LogGroup":
            return f"arn:aws:logs:{place}:log-group:{properties['LogGroupName']}:*"
        case "AWS::SQS::Queue":
            return f"arn:aws:sqs:{place}:{properties['QueueName']}"
        case kind:
            raise AssertionError(f"say here how the ARN of a {kind} reads")
