"""An account with stacks in it: submits templates, waits for the end, and tells what came of it."""

from __future__ import annotations

import json
import logging
import time

PATIENCE_SECONDS = 30

_log = logging.getLogger(__name__)


class Account:
    """Stacks named `s` unless told otherwise, created and updated to the end."""

    def __init__(self, cloud, cloudformation) -> None:
        self.cloud, self._part = cloud, cloudformation
        self.client = cloud.client("cloudformation")

    def create(self, resources, *, name="s", wait=True, **more):
        """Create a stack of these resources and give what DescribeStacks says at its end."""
        return self._submit(self.client.create_stack, resources, name=name, wait=wait, **more)

    def update(self, resources=None, *, name="s", wait=True, **more):
        """Update a stack, to the template it has when none is given."""
        return self._submit(self.client.update_stack, resources, name=name, wait=wait, **more)

    def delete(self, *, name="s", wait=True, **more):
        """Delete a stack and give what is said of it then."""
        stack_id = self.stack(name)["StackId"]
        self.client.delete_stack(StackName=name, **more)
        return self.ended(stack_id) if wait else None

    def ended(self, name="s"):
        """Wait until nothing is in progress, and describe the stack; its failures show in a failing test's output."""
        assert self._part.settled(PATIENCE_SECONDS)
        stack = self.stack(name)
        if "ROLLBACK" in stack["StackStatus"] or "FAILED" in stack["StackStatus"]:
            for event in reversed(self.client.describe_stack_events(StackName=name)["StackEvents"]):
                if event["ResourceStatus"].endswith("_FAILED"):
                    _log.warning("%s: %s", event["LogicalResourceId"], event.get("ResourceStatusReason"))
        return stack

    def reach(self, logical_id, status, *, times=1):
        """Wait until a resource has been told to have come to a status."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while times > sum(
            (detail.get("logical-resource-id"), detail["status-details"]["status"]) == (logical_id, status)
            for source, kind, detail in list(self.cloud.emitted)
        ):
            assert time.monotonic() < deadline, f"{logical_id} has not reached {status}"
            time.sleep(0.01)

    def stack(self, name="s"):
        """What DescribeStacks says."""
        return self.client.describe_stacks(StackName=name)["Stacks"][0]

    def outputs(self, name="s"):
        """The stack's outputs by key."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack(name)["Outputs"]}

    def physical(self, logical_id, *, name="s"):
        """A resource's physical id."""
        detail = self.client.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return detail["StackResourceDetail"]["PhysicalResourceId"]

    def resources(self, name="s"):
        """The statuses of the stack's resources."""
        found = self.client.describe_stack_resources(StackName=name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["ResourceStatus"] for resource in found}

    def events(self, name="s"):
        """Logical id and status of each event, the oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]

    def reasons(self, logical_id, *, name="s"):
        """The reasons in a resource's events, the oldest first."""
        events = reversed(self.client.describe_stack_events(StackName=name)["StackEvents"])
        mine = [event for event in events if event["LogicalResourceId"] == logical_id]
        return [event["ResourceStatusReason"] for event in mine if event.get("ResourceStatusReason")]

    def _submit(self, call, resources, *, name, wait, sections=None, parameters=None, **more):
        if resources is None:
            more["UsePreviousTemplate"] = True
        else:
            more["TemplateBody"] = json.dumps({"Resources": resources, **(sections or {})})
        if parameters is not None:
            more["Parameters"] = [_parameter(key, value) for key, value in parameters.items()]
        stack_id = call(StackName=name, Capabilities=["CAPABILITY_NAMED_IAM"], **more)["StackId"]
        return self.ended(stack_id) if wait else stack_id


def _parameter(key, value):
    if value is None:
        return {"ParameterKey": key, "UsePreviousValue": True}
    return {"ParameterKey": key, "ParameterValue": value}
