"""The operations that show stacks: describe, list, events, resources, exports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.live import Live
from local.cloudformation.stacks import Event, Stack, Stacks
from local.front import Handler
from local.paging import page
from local.wire import Call

Params = dict[str, Any]

_PAGE: Final = 100


class Queries:
    """Handlers of the operations that show stacks."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks

    def handlers(self) -> dict[str, Handler]:
        """The operations, by name."""
        return {
            "DescribeStackEvents": self._describe_stack_events,
            "DescribeStackResource": self._describe_stack_resource,
            "DescribeStackResources": self._describe_stack_resources,
            "DescribeStacks": self._describe_stacks,
            "ListExports": self._list_exports,
            "ListImports": self._list_imports,
            "ListStackResources": self._list_stack_resources,
            "ListStacks": self._list_stacks,
        }

    def _describe_stacks(self, params: Params, _: Call) -> Params:
        if "StackName" in params:
            return {"Stacks": [self._described(self._stacks.get(params["StackName"]))]}
        stacks = [self._described(stack) for stack in self._stacks.living()]
        return paged("Stacks", stacks, params)

    def _list_stacks(self, params: Params, _: Call) -> Params:
        wanted = params.get("StackStatusFilter")
        found = [stack for stack in self._stacks.all() if not wanted or stack.status in wanted]
        stacks = [_summary(stack) | self._family(stack) for stack in found]
        return paged("StackSummaries", stacks, params)

    def _describe_stack_events(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        with stack.lock:
            events = [_event(stack, event) for event in reversed(stack.events)]
        return paged("StackEvents", events, params)

    def _describe_stack_resource(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing="Stack '{}' does not exist")
        live = stack.resources.get(params["LogicalResourceId"])
        if live is None:
            named = f"Resource {params['LogicalResourceId']} does not exist for stack {stack.name}"
            raise InvalidRequest(named)
        detail = _resource(stack, live) | {
            "LastUpdatedTimestamp": live.changed_at,
            "Metadata": _json(live.metadata),
        }
        return {"StackResourceDetail": detail}

    def _describe_stack_resources(self, params: Params, _: Call) -> Params:
        if ("StackName" in params) == ("PhysicalResourceId" in params):
            raise InvalidRequest("Either StackName or PhysicalResourceId must be specified")
        stack = self._holder(params)
        wanted = params.get("LogicalResourceId")
        resources = [_resource(stack, live) for live in _lives(stack) if wanted in (None, live.logical_id)]
        return {"StackResources": resources}

    def _list_stack_resources(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"])
        resources = [_resource(stack, live) | {"LastUpdatedTimestamp": live.changed_at} for live in _lives(stack)]
        return paged("StackResourceSummaries", resources, params)

    def _list_exports(self, params: Params, _: Call) -> Params:
        exports = [
            {"ExportingStackId": stack.id, "Name": name, "Value": output.value}
            for name, (stack, output) in sorted(self._stacks.exports().items())
        ]
        return paged("Exports", exports, params)

    def _list_imports(self, params: Params, _: Call) -> Params:
        name = params["ExportName"]
        users = self._stacks.importers(name)
        if not users:
            raise InvalidRequest(f"Export '{name}' is not imported by any stack.")
        return paged("Imports", users, params)

    def _described(self, stack: Stack) -> Params:
        return _described(stack) | self._family(stack)

    def _family(self, stack: Stack) -> Params:
        parent = root = self._stacks.parent(stack)
        while root is not None and (above := self._stacks.parent(root)) is not None:
            root = above
        return {"ParentId": parent.id, "RootId": root.id} if parent is not None and root is not None else {}

    def _holder(self, params: Params) -> Stack:
        if "StackName" in params:
            return self._stacks.get(params["StackName"])
        wanted = params["PhysicalResourceId"]
        for stack in self._stacks.living():
            if any(live.physical_id == wanted for live in stack.live().values()):
                return stack
        raise InvalidRequest(f"Stack for {wanted} does not exist")


def paged(member: str, items: Sequence[Any], params: Params) -> Params:
    """A page of a listing, as the operation's answer."""
    shown, token = page(items, size=_PAGE, token=params.get("NextToken"), code="ValidationError")
    return {member: shown, "NextToken": token}


def _described(stack: Stack) -> Params:
    with stack.lock:
        revision = stack.revision
        return _summary(stack) | {
            "ChangeSetId": stack.change_set_id or None,
            "Description": revision.template.description if revision else None,
            "DisableRollback": stack.disable_rollback,
            "NotificationARNs": [],
            "RollbackConfiguration": {},
            "Capabilities": list(revision.capabilities) if revision else [],
            "RoleARN": stack.role_arn or None,
            "EnableTerminationProtection": stack.protected,
            "Parameters": [p.described(name) for name, p in revision.parameters.items()] if revision else [],
            "Tags": [{"Key": key, "Value": value} for key, value in revision.tags.items()] if revision else [],
            "Outputs": [
                {
                    "OutputKey": output.key,
                    "OutputValue": output.value,
                    "Description": output.description,
                    "ExportName": output.export or None,
                }
                for output in stack.outputs
            ],
        }


def _summary(stack: Stack) -> Params:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "TemplateDescription": stack.revision.template.description if stack.revision else None,
        "CreationTime": stack.created_at,
        "LastUpdatedTime": stack.updated_at,
        "DeletionTime": stack.deleted_at,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DriftInformation": _drift(stack),
    }


def _lives(stack: Stack) -> list[Live]:
    with stack.lock:
        return list(stack.resources.values())


def _resource(stack: Stack, live: Live) -> Params:
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": live.logical_id,
        "PhysicalResourceId": live.physical_id or None,
        "ResourceType": live.type,
        "Timestamp": live.changed_at,
        "ResourceStatus": live.status,
        "ResourceStatusReason": live.reason or None,
        "DriftInformation": _resource_drift(stack, live),
    }


def _drift(stack: Stack) -> Params:
    checked = {"LastCheckTimestamp": stack.drift_checked_at} if stack.drift_checked_at else {}
    return {"StackDriftStatus": stack.drift_status(), **checked}


def _resource_drift(stack: Stack, live: Live) -> Params:
    found = stack.drifts.get(live.logical_id)
    if found is None:
        return {"StackResourceDriftStatus": "NOT_CHECKED"}
    return {"StackResourceDriftStatus": found.status, "LastCheckTimestamp": found.at}


def _event(stack: Stack, event: Event) -> Params:
    return {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "ResourceProperties": event.properties or None,
        "ClientRequestToken": event.token or None,
    }


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
