"""The operations that change a stack: create, update, delete, cancel, continue, roll back, protect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.api.source import policy_body
from local.cloudformation.api.submission import SUBMITTED, Submissions, refuse_others
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.names import arn
from local.cloudformation.operations import Deletion, Operations
from local.cloudformation.plan import plan
from local.cloudformation.policy import StackPolicy
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import DELETABLE, UPDATABLE, Stack, Stacks
from local.errors import AwsError
from local.services import Services
from local.wire import Call

Params = dict[str, Any]

NOTHING_TO_DO: Final = "No updates are to be performed."

_CREATE: Final = SUBMITTED | {
    "ClientRequestToken",
    "DeploymentConfig",
    "DisableRollback",
    "DisableValidation",
    "EnableTerminationProtection",
    "OnFailure",
    "RetainExceptOnCreate",
    "RoleARN",
    "StackName",
    "StackPolicyBody",
    "StackPolicyURL",
}
_UPDATE: Final = SUBMITTED | {
    "ClientRequestToken",
    "DeploymentConfig",
    "DisableRollback",
    "DisableValidation",
    "RoleARN",
    "StackName",
    "StackPolicyBody",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "StackPolicyURL",
}
_DELETE: Final = frozenset(
    {"ClientRequestToken", "DeletionMode", "DeploymentConfig", "RetainResources", "RoleARN", "StackName"}
)


class Changes:
    """Handlers of the operations that change stacks."""

    def __init__(self, services: Services, stacks: Stacks, operations: Operations, submissions: Submissions) -> None:
        self._services, self._stacks = services, stacks
        self._operations, self._submissions = operations, submissions

    def create_stack(self, params: Params, call: Call) -> Params:
        """Start a stack of its own template."""
        refuse_others(params, _CREATE, operation="CreateStack")
        name, token = params["StackName"], params.get("ClientRequestToken", "")
        existing = self._stacks.find(name)
        if existing is not None and _repeated(existing, "CreateStack", token):
            return {"StackId": existing.id}
        stack_id = self._fresh_id(name)
        revision = self._submissions.revision(params, stack_name=name, stack_id=stack_id, previous=None)
        stack = Stack(stack_id, name, self._services.clock.now(), role_arn=params.get("RoleARN", ""))
        stack.policy = self._policy(params, "StackPolicy") or ""
        stack.protected = bool(params.get("EnableTerminationProtection"))
        on_failure = on_failure_of(params)
        stack.disable_rollback = on_failure == "DO_NOTHING"
        self._admit(stack)
        stack.begin("CREATE_IN_PROGRESS", allowed=frozenset({""}), refused="", token=token)
        _remember(stack, "CreateStack", token)
        retain = bool(params.get("RetainExceptOnCreate"))
        self._operations.create(stack, revision, on_failure=on_failure, retain_except_on_create=retain)
        return {"StackId": stack.id}

    def update_stack(self, params: Params, call: Call) -> Params:
        """Start taking a stack to what the request says."""
        refuse_others(params, _UPDATE, operation="UpdateStack")
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        token = params.get("ClientRequestToken", "")
        if _repeated(stack, "UpdateStack", token):
            return {"StackId": stack.id}
        check_updatable(stack)
        revision = self._submissions.revision(params, stack_name=stack.name, stack_id=stack.id, previous=stack)
        policy = self._policy(params, "StackPolicy")
        during = self._policy(params, "StackPolicyDuringUpdate")
        if not differs(stack, revision):
            raise InvalidRequest(NOTHING_TO_DO)
        begin_update(stack, token)
        _remember(stack, "UpdateStack", token)
        with stack.lock:
            stack.role_arn = params.get("RoleARN", stack.role_arn)
            stack.policy = stack.policy if policy is None else policy
            stack.updated_at = self._services.clock.now()
            stack.disable_rollback = _disables_rollback(params)
        effective = stack.policy if during is None else during
        self._operations.update(stack, revision, policy=effective, disable_rollback=stack.disable_rollback)
        return {"StackId": stack.id}

    def delete_stack(self, params: Params, call: Call) -> Params:
        """Start deleting a stack; one that does not exist is as good as deleted."""
        refuse_others(params, _DELETE, operation="DeleteStack")
        stack = self._stacks.find(params["StackName"])
        if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return {}
        if stack.protected:
            raise InvalidRequest(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        retained = frozenset(params.get("RetainResources", ()))
        if retained and stack.status != "DELETE_FAILED":
            message = "RetainResources can only be specified for stacks in the DELETE_FAILED state"
            raise InvalidRequest(f"Invalid operation on stack [{stack.id}]. {message}")
        reviewed = stack.status == "REVIEW_IN_PROGRESS"
        refused = "Stack [{name}] cannot be deleted while in status {status}"
        stack.begin(
            "DELETE_IN_PROGRESS", allowed=DELETABLE, refused=refused, token=params.get("ClientRequestToken", "")
        )
        stack.role_arn = params.get("RoleARN", stack.role_arn)
        if reviewed:
            self._operations.forget(stack)
        else:
            force = params.get("DeletionMode") == "FORCE_DELETE_STACK"
            self._operations.delete(stack, Deletion(retained, force))
        return {}

    def cancel_update_stack(self, params: Params, call: Call) -> Params:
        """Give an update up: what runs is left as it is, and the stack rolls back."""
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        with stack.lock:
            if stack.status != "UPDATE_IN_PROGRESS":
                raise InvalidRequest("CancelUpdateStack cannot be called from current stack status")
            stack.stop.set()
        return {}

    def continue_update_rollback(self, params: Params, call: Call) -> Params:
        """Try a failed rollback again, without the resources that are to be skipped."""
        refuse_others(
            params,
            {"ClientRequestToken", "ResourcesToSkip", "RoleARN", "StackName"},
            operation="ContinueUpdateRollback",
        )
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        token = params.get("ClientRequestToken", "")
        if _repeated(stack, "ContinueUpdateRollback", token):
            return {}
        skip = frozenset(params.get("ResourcesToSkip", ()))
        _check_skipped(stack, skip)
        self._roll_back(stack, params, token, frm=frozenset({"UPDATE_ROLLBACK_FAILED"}), skip=skip)
        _remember(stack, "ContinueUpdateRollback", token)
        return {}

    def rollback_stack(self, params: Params, call: Call) -> Params:
        """Roll an update back that failed with rollback disabled."""
        known = {"ClientRequestToken", "DeploymentConfig", "RoleARN", "StackName"}
        refuse_others(params, known, operation="RollbackStack")
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        self._roll_back(
            stack, params, params.get("ClientRequestToken", ""), frm=frozenset({"UPDATE_FAILED"}), skip=frozenset()
        )
        return {"StackId": stack.id}

    def set_stack_policy(self, params: Params, call: Call) -> Params:
        """Put a stack's policy."""
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        policy = self._policy(params, "StackPolicy")
        if policy is None:
            raise InvalidRequest("You must specify either StackPolicyBody or StackPolicyURL")
        with stack.lock:
            stack.policy = policy
        return {}

    def get_stack_policy(self, params: Params, call: Call) -> Params:
        """A stack's policy, if it has one."""
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        return {"StackPolicyBody": stack.policy} if stack.policy else {}

    def update_termination_protection(self, params: Params, call: Call) -> Params:
        """Switch a stack's termination protection."""
        stack = self._stacks.get(params["StackName"], missing="Stack [{}] does not exist")
        with stack.lock:
            stack.protected = bool(params["EnableTerminationProtection"])
        return {"StackId": stack.id}

    def _roll_back(
        self, stack: Stack, params: Params, token: str, *, frm: frozenset[str], skip: frozenset[str]
    ) -> None:
        refused = "Stack:{id} is in {status} state and can not be rolled back."
        stack.begin("UPDATE_ROLLBACK_IN_PROGRESS", allowed=frm, refused=refused, token=token)
        stack.role_arn = params.get("RoleARN", stack.role_arn)
        self._operations.roll_back(stack, skip=skip)

    def _policy(self, params: Mapping[str, Any], member: str) -> str | None:
        policy = policy_body(params, member, self._services)
        if policy is not None:
            StackPolicy(policy)
        return policy

    def _fresh_id(self, name: str) -> str:
        return arn("stack", name, account=self._services.account, region=self._services.region)

    def _admit(self, stack: Stack) -> None:
        with self._stacks.lock:
            existing = self._stacks.find(stack.name)
            if existing is not None:
                raise AwsError("AlreadyExistsException", f"Stack [{stack.name}] already exists")
            self._stacks.add(stack)


def check_updatable(stack: Stack) -> None:
    """Raise InvalidRequest when a stack's status forbids an update."""
    if stack.status not in UPDATABLE:
        raise InvalidRequest(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def begin_update(stack: Stack, token: str) -> None:
    """Enter an update. Raises InvalidRequest when something else runs on the stack."""
    refused = "Stack:{id} is in {status} state and can not be updated."
    stack.begin("UPDATE_IN_PROGRESS", allowed=UPDATABLE, refused=refused, token=token)


def differs(stack: Stack, revision: Revision) -> bool:
    """Whether a revision would change anything of a stack: a resource, an output or a tag."""
    before = stack.revision
    if before is None or stack.status == "UPDATE_FAILED":
        return True
    said = (before.template.outputs, before.tags)
    return bool(plan(stack.live(), before, revision)) or said != (revision.template.outputs, revision.tags)


def on_failure_of(params: Mapping[str, Any]) -> Any:
    """What a failed creation leads to. Raises InvalidRequest when the request says it twice."""
    if params.get("OnFailure") and params.get("DisableRollback") is not None:
        raise InvalidRequest("You can specify either DisableRollback or OnFailure, but not both")
    if _disables_rollback(params):
        return "DO_NOTHING"
    return params.get("OnFailure", "ROLLBACK")


def _disables_rollback(params: Mapping[str, Any]) -> bool:
    return bool(params.get("DisableRollback") or params.get("DeploymentConfig", {}).get("DisableRollback"))


def _check_skipped(stack: Stack, skip: frozenset[str]) -> None:
    failed = {name for name, live in stack.live().items() if live.status == "UPDATE_FAILED"}
    wrong = sorted(skip - failed)
    if wrong:
        raise InvalidRequest(
            f"The following resources to skip are not in the UPDATE_FAILED state: [{', '.join(wrong)}]"
        )


def _repeated(stack: Stack, operation: str, token: str) -> bool:
    """Whether the request has been made before. Raises TokenAlreadyExistsException when its token was another's."""
    known = stack.tokens.get(token) if token else None
    if known is not None and known != operation:
        message = f"A request for {known} with the token {token} has been made before"
        raise AwsError("TokenAlreadyExistsException", message)
    return known is not None


def _remember(stack: Stack, operation: str, token: str) -> None:
    if token:
        with stack.lock:
            stack.tokens[token] = operation
