"""AWS::Events: rules with their targets, and statements in the policy of a bus."""

from __future__ import annotations

import json
from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import (
    Provisioner,
    Request,
    Schema,
    refuse_existing,
    required,
    tags,
    text,
)

_SETTINGS: Final = ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State")


class Rule(Provisioner):
    """A rule with its targets."""

    schema = Schema(
        type="AWS::Events::Rule",
        properties=frozenset({*_SETTINGS, "EventPattern", "Name", "Tags", "Targets"}),
        create_only=frozenset({"EventBusName", "Name"}),
        attributes=frozenset({"Arn", "RuleName"}),
        name="Name",
        naming=Naming(limit=64),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Put the rule, unless one of that name exists."""
        if request.found("events", "describe_rule", **self._place(request, "Name")):
            raise refuse_existing(self.schema, request.name)
        request.call("events", "put_rule", **self._settings(request), **request.some("Tags"))
        bus = request.properties.get("EventBusName", "default")
        return request.name if bus == "default" else f"{bus}|{request.name}"

    def complete(self, request: Request) -> None:
        """Put the targets."""
        self._aim(request)

    def update(self, request: Request) -> None:
        """Put the rule, its tags and its targets anew."""
        request.call("events", "put_rule", **self._settings(request))
        request.retag("events", ResourceARN=self.attributes(request)["Arn"])
        self._aim(request)

    def delete(self, request: Request) -> None:
        """Remove the targets and delete the rule."""
        targets = [target["Id"] for target in request.properties.get("Targets", [])]
        if targets:
            request.drop("events", "remove_targets", **self._place(request, "Rule"), Ids=targets)
        request.call("events", "delete_rule", **self._place(request, "Name"))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The rule's ARN and name."""
        bus = str(request.properties.get("EventBusName", "default")).rpartition("/")[2]
        path = request.name if bus == "default" else f"{bus}/{request.name}"
        return {"Arn": request.arn("events", f"rule/{path}"), "RuleName": request.name}

    def read(self, request: Request) -> dict[str, Any]:
        """The rule with its tags and targets."""
        rule = request.call("events", "describe_rule", **self._place(request, "Name"))
        labels = request.call("events", "list_tags_for_resource", ResourceARN=rule["Arn"])["Tags"]
        targets = request.call("events", "list_targets_by_rule", **self._place(request, "Rule"))["Targets"]
        return {**rule, "Tags": tags(labels), "Targets": targets}

    def _place(self, request: Request, member: str) -> dict[str, Any]:
        return {member: request.name, **request.some("EventBusName")}

    def _settings(self, request: Request) -> dict[str, Any]:
        settings = {"Name": request.name, **request.some(*_SETTINGS)}
        if "EventPattern" in request.properties:
            settings["EventPattern"] = text(request.properties["EventPattern"])
        return settings

    def _aim(self, request: Request) -> None:
        wanted, had = request.properties.get("Targets", []), request.before.get("Targets", [])
        stale = sorted({target["Id"] for target in had} - {target["Id"] for target in wanted})
        if stale:
            request.drop("events", "remove_targets", **self._place(request, "Rule"), Ids=stale)
        if wanted:
            request.call("events", "put_targets", **self._place(request, "Rule"), Targets=wanted)


class EventBusPolicy(Provisioner):
    """A statement in the policy of an event bus: written out, or as action, principal and condition."""

    schema = Schema(
        type="AWS::Events::EventBusPolicy",
        properties=frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement", "StatementId"}),
        create_only=frozenset({"EventBusName", "StatementId"}),
    )

    def create(self, request: Request) -> str:
        """Put the statement."""
        self._put(request)
        return f"{request.properties.get('EventBusName', 'default')}|{request.properties['StatementId']}"

    def update(self, request: Request) -> None:
        """Put the statement anew."""
        self._put(request)

    def delete(self, request: Request) -> None:
        """Remove the statement."""
        statement = {"StatementId": request.properties["StatementId"]}
        request.call("events", "remove_permission", **statement, **request.some("EventBusName"))

    def read(self, request: Request) -> dict[str, Any]:
        """The statement in the bus's policy, as it is written out there."""
        given, bus = request.properties, request.properties.get("EventBusName", "default")
        statements = json.loads(self._policy(request) or '{"Statement": []}')["Statement"]
        for statement in statements:
            if statement.get("Sid") == given["StatementId"]:
                others = {name: value for name, value in statement.items() if name != "Sid"}
                return {"EventBusName": bus, "StatementId": statement["Sid"], "Statement": others, **_parts(statement)}
        return {}

    def _put(self, request: Request) -> None:
        identity, bus = required(request, "StatementId"), request.some("EventBusName")
        if "Statement" not in request.properties:
            settings = request.some("Action", "Condition", "Principal")
            request.call("events", "put_permission", StatementId=identity, **settings, **bus)
            return
        statement = request.properties["Statement"]
        given = json.loads(statement) if isinstance(statement, str) else statement
        policy = json.loads(self._policy(request) or '{"Version": "2012-10-17", "Statement": []}')
        others = [item for item in policy["Statement"] if item.get("Sid") != identity]
        policy["Statement"] = [*others, {**given, "Sid": identity}]
        request.call("events", "put_permission", Policy=json.dumps(policy), **bus)

    def _policy(self, request: Request) -> str | None:
        bus = request.properties.get("EventBusName", "default")
        policy: str | None = request.call("events", "describe_event_bus", Name=bus).get("Policy")
        return policy


def _parts(statement: dict[str, Any]) -> dict[str, Any]:
    """What PutPermission makes its statement of."""
    principal = statement.get("Principal")
    named = principal["AWS"] if isinstance(principal, dict) and "AWS" in principal else principal
    account = str(named).split(":")[4] if str(named).startswith("arn:") else named
    made = {"Action": statement.get("Action"), "Principal": account}
    for kind, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            made["Condition"] = {"Type": kind, "Key": key, "Value": value}
    return made


TYPES = (EventBusPolicy(), Rule())
