"""The operations on change sets: create, describe, list, execute, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.api.changes import admit, check_updatable, differs
from local.cloudformation.api.desk import Desk
from local.cloudformation.api.imports import refuse_imports
from local.cloudformation.api.launch import Order, asked, repeated
from local.cloudformation.api.queries import paged
from local.cloudformation.api.submission import SUBMITTED, refuse_others
from local.cloudformation.changesets import EMPTY, ChangeSet, described
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.names import arn
from local.cloudformation.operations import OnFailure
from local.cloudformation.plan import plan
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import Stack
from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.wire import Call

Params = dict[str, Any]

_CREATE: Final = SUBMITTED | {
    "ChangeSetName",
    "ChangeSetType",
    "ClientToken",
    "DeploymentConfig",
    "Description",
    "DisableValidation",
    "ImportExistingResources",
    "IncludeNestedStacks",
    "OnStackFailure",
    "RoleARN",
    "StackName",
}
_EXECUTE: Final = frozenset(
    {"ChangeSetName", "ClientRequestToken", "DisableRollback", "RetainExceptOnCreate", "StackName"}
)


class ChangeSets(Desk):
    """Handlers of the operations on change sets."""

    def handlers(self) -> dict[str, Handler]:
        """The operations, by name."""
        return {
            "CreateChangeSet": self._create_change_set,
            "DeleteChangeSet": self._delete_change_set,
            "DescribeChangeSet": self._describe_change_set,
            "ExecuteChangeSet": self._execute_change_set,
            "ListChangeSets": self._list_change_sets,
        }

    def find(self, params: Mapping[str, Any]) -> tuple[Stack, ChangeSet]:
        """A change set by its id, or by its name and stack. Raises InvalidRequest and AwsError `ChangeSetNotFound`."""
        name = params["ChangeSetName"]
        if "StackName" in params:
            stacks = [self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")]
        elif name.startswith("arn:"):
            stacks = self._stacks.all()
        else:
            raise InvalidRequest("StackName must be specified if ChangeSetName is not specified as an ARN.")
        for stack in stacks:
            found = _named(stack, name)
            if found is not None:
                return stack, found
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", status=404)

    def _create_change_set(self, params: Params, call: Call) -> Params:
        refuse_others(params, _CREATE, operation="CreateChangeSet")
        kind, name = params.get("ChangeSetType", "UPDATE"), params["ChangeSetName"]
        if kind == "IMPORT":
            raise UnsupportedLocally("change sets of type IMPORT")
        stack = self._stacks.find(params["StackName"])
        stack = self._new(params, stack) if kind == "CREATE" else self._updatable(params, stack)
        if _named(stack, name) is not None:
            raise AwsError("AlreadyExistsException", f"ChangeSet {name} already exists")
        previous = stack if kind == "UPDATE" else None
        actor = self._actor(params, call, stack)
        revision = self._submissions.revision(
            params, actor, stack_name=stack.name, stack_id=stack.id, previous=previous
        )
        change_set = self._change_set(params, stack, revision)
        if params.get("ImportExistingResources"):
            refuse_imports(self._services, change_set)
        if stack.status == "":
            admit(self._stacks, stack)
            self._operations.review(stack)
        with stack.lock:
            stack.change_sets.append(change_set)
        return {"Id": change_set.id, "StackId": stack.id}

    def _describe_change_set(self, params: Params, _: Call) -> Params:
        stack, change_set = self.find(params)
        values = bool(params.get("IncludePropertyValues"))
        changes = [described(change, values=values) for change in change_set.changes]
        revision = change_set.revision
        return {
            **paged("Changes", changes, params),
            **_summary(stack, change_set),
            "Parameters": [parameter.described(name) for name, parameter in revision.parameters.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in revision.tags.items()],
            "Capabilities": list(revision.capabilities),
            "NotificationARNs": [],
            "RollbackConfiguration": {},
            "OnStackFailure": change_set.options.get("OnStackFailure"),
        }

    def _list_change_sets(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        with stack.lock:
            summaries = [_summary(stack, change_set) for change_set in stack.change_sets if change_set.open]
        return paged("Summaries", summaries, params)

    def _execute_change_set(self, params: Params, call: Call) -> Params:
        refuse_others(params, _EXECUTE, operation="ExecuteChangeSet")
        stack, change_set = self.find(params)
        request, token = asked("ExecuteChangeSet", params), params.get("ClientRequestToken", "")
        if repeated(stack, request, token):
            return {}
        on_failure: OnFailure = "DO_NOTHING" if params.get("DisableRollback") else change_set.on_failure
        retain = bool(params.get("RetainExceptOnCreate"))
        order = Order(
            change_set.revision,
            token,
            change_set.role_arn,
            on_failure,
            retain_except_on_create=retain,
            caller=call.access_key_id,
        )
        launch = self._launcher.create if change_set.type == "CREATE" else self._launcher.update
        with stack.lock:
            _check_executable(change_set)
            launch(stack, order, request=request)
            change_set.execution = "EXECUTE_COMPLETE"
            stack.change_set_id = change_set.id
        return {}

    def _delete_change_set(self, params: Params, _: Call) -> Params:
        try:
            stack, change_set = self.find(params)
        except AwsError as error:
            if error.code == "ChangeSetNotFound":
                return {}
            raise
        with stack.lock:
            stack.change_sets.remove(change_set)
        return {}

    def _new(self, params: Params, stack: Stack | None) -> Stack:
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            again = f"cannot be created again with the changeSet [{params['ChangeSetName']}]."
            raise InvalidRequest(f"Stack [{stack.name}] already exists and {again}")
        name, account, region = params["StackName"], self._services.account, self._services.region
        return stack or Stack(arn("stack", name, account=account, region=region), name, self._services.clock.now())

    def _updatable(self, params: Params, stack: Stack | None) -> Stack:
        if stack is None:
            raise InvalidRequest(f"Stack [{params['StackName']}] does not exist")
        check_updatable(stack)
        return stack

    def _change_set(self, params: Params, stack: Stack, revision: Revision) -> ChangeSet:
        name = params["ChangeSetName"]
        made = ChangeSet(
            id=arn("changeSet", name, account=self._services.account, region=self._services.region),
            name=name,
            type=params.get("ChangeSetType", "UPDATE"),
            description=params.get("Description"),
            created_at=self._services.clock.now(),
            revision=revision,
            changes=plan(stack.live(), stack.revision, revision),
            role_arn=params.get("RoleARN"),
            on_failure=params.get("OnStackFailure", "ROLLBACK"),
            options={key: params[key] for key in ("OnStackFailure",) if key in params},
        )
        if made.type == "UPDATE" and not differs(stack, revision):
            made.status, made.reason, made.execution = "FAILED", EMPTY, "UNAVAILABLE"
        return made


def _named(stack: Stack, name_or_id: str) -> ChangeSet | None:
    with stack.lock:
        for change_set in stack.change_sets:
            if change_set.id == name_or_id or (change_set.name == name_or_id and change_set.open):
                return change_set
    return None


def _check_executable(change_set: ChangeSet) -> None:
    status = change_set.status if change_set.status != "CREATE_COMPLETE" else change_set.execution
    if status != "AVAILABLE":
        text = f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{status}]"
        raise AwsError("InvalidChangeSetStatus", text)


def _summary(stack: Stack, change_set: ChangeSet) -> Params:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": change_set.id,
        "ChangeSetName": change_set.name,
        "ExecutionStatus": change_set.execution,
        "Status": change_set.status,
        "StatusReason": change_set.reason,
        "CreationTime": change_set.created_at,
        "Description": change_set.description,
        "IncludeNestedStacks": False,
    }
