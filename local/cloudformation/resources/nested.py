"""AWS::CloudFormation::Stack: a stack in a stack, made, changed and removed through CloudFormation's own API."""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tag_list, tags

_SERVICE: Final = "cloudformation"
_MADE: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_NOTHING_TO_DO: Final = "No updates are to be performed"


class NestedStack(Provisioner):
    """A nested stack. It consents to what its parent has consented to, and acts in its parent's role."""

    schema = Schema(
        type="AWS::CloudFormation::Stack",
        properties=frozenset({"Parameters", "Tags", "TemplateURL"}),
        unread=frozenset({"TemplateURL"}),
        family="Outputs.",
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Start creating the stack; a failure is undone by the parent."""
        made = request.call(
            _SERVICE, "create_stack", StackName=request.name, OnFailure="DO_NOTHING", **self._submitted(request)
        )
        return str(made["StackId"])

    def update(self, request: Request) -> None:
        """Start updating the stack, if anything of it changes."""
        try:
            request.call(_SERVICE, "update_stack", StackName=request.physical_id, **self._submitted(request))
        except ClientError as error:
            if _NOTHING_TO_DO not in error.response["Error"].get("Message", ""):
                raise

    def wait(self, request: Request) -> None:
        """Wait until the operation has ended. Raises ResourceFailed with its reason when it has failed."""
        request.wait_until(lambda: not self._described(request)["StackStatus"].endswith("IN_PROGRESS"))
        stack = self._described(request)
        if stack["StackStatus"] not in _MADE:
            why = stack.get("StackStatusReason") or f"it is {stack['StackStatus']}"
            raise ResourceFailed(f"Embedded stack {request.physical_id} was not successfully {_done(request)}: {why}")

    def delete(self, request: Request) -> None:
        """Delete the stack and wait until it is gone. Raises ResourceFailed when it stays."""
        role = {"RoleARN": request.stack.role_arn} if request.stack.role_arn else {}
        request.wait_until(lambda: not self._described(request)["StackStatus"].endswith("IN_PROGRESS"))
        request.call(_SERVICE, "delete_stack", StackName=request.physical_id, **role)
        request.wait_until(lambda: self._described(request)["StackStatus"] in ("DELETE_COMPLETE", "DELETE_FAILED"))
        stack = self._described(request)
        if stack["StackStatus"] == "DELETE_FAILED":
            reason = stack.get("StackStatusReason", "")
            raise ResourceFailed(f"Embedded stack {request.physical_id} was not successfully deleted: {reason}")

    def attributes(self, request: Request) -> dict[str, Any]:
        """The stack's outputs, each under `Outputs.` and its key."""
        outputs = self._described(request).get("Outputs", [])
        return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in outputs}

    def read(self, request: Request) -> dict[str, Any]:
        """The stack's parameters and tags."""
        stack = self._described(request)
        given = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
        return {"Parameters": given, "Tags": tags(stack.get("Tags"))}

    def _described(self, request: Request) -> dict[str, Any]:
        stack: dict[str, Any] = request.call(_SERVICE, "describe_stacks", StackName=request.physical_id)["Stacks"][0]
        return stack

    def _submitted(self, request: Request) -> dict[str, Any]:
        given = request.properties.get("Parameters", {})
        role = {"RoleARN": request.stack.role_arn} if request.stack.role_arn else {}
        return {
            "TemplateURL": required(request, "TemplateURL"),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
                for key, value in given.items()
            ],
            "Tags": tag_list(tags(request.properties.get("Tags"))),
            "Capabilities": list(request.stack.capabilities),
            **role,
        }


def _done(request: Request) -> str:
    return "updated" if request.before else "created"


TYPES = (NestedStack(),)
