"""The operations that change a stack: create, update, delete, cancel, continue, roll back, protect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.api.desk import Desk
from local.cloudformation.api.launch import Order, asked, remember, repeated
from local.cloudformation.api.source import policy_body
from local.cloudformation.api.submission import SUBMITTED, refuse_others
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.names import arn
from local.cloudformation.operations import OnFailure
from local.cloudformation.plan import plan
from local.cloudformation.policy import StackPolicy
from local.cloudformation.revisions import Revision
from local.cloudformation.stacks import DELETABLE, UPDATABLE, Deletion, Stack, Stacks
from local.errors import AwsError
from local.front import Handler
from local.wire import Call

Params = dict[str, Any]

NOTHING_TO_DO: Final = "No updates are to be performed."

_MISSING: Final = "Stack [{}] does not exist"
_BOTH: Final = SUBMITTED | {
    "ClientRequestToken",
    "DeploymentConfig",
    "DisableRollback",
    "DisableValidation",
    "RoleARN",
    "StackName",
    "StackPolicyBody",
    "StackPolicyURL",
}
_CREATE: Final = _BOTH | {"EnableTerminationProtection", "OnFailure", "RetainExceptOnCreate"}
_UPDATE: Final = _BOTH | {"StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL"}
_DELETE: Final = frozenset(
    {"ClientRequestToken", "DeletionMode", "DeploymentConfig", "RetainResources", "RoleARN", "StackName"}
)


class Changes(Desk):
    """Handlers of the operations that change stacks."""

    def handlers(self) -> dict[str, Handler]:
        """The operations, by name."""
        return {
            "CancelUpdateStack": self._cancel_update_stack,
            "ContinueUpdateRollback": self._continue_update_rollback,
            "CreateStack": self._create_stack,
            "DeleteStack": self._delete_stack,
            "GetStackPolicy": self._get_stack_policy,
            "RollbackStack": self._rollback_stack,
            "SetStackPolicy": self._set_stack_policy,
            "UpdateStack": self._update_stack,
            "UpdateTerminationProtection": self._update_termination_protection,
        }

    def _create_stack(self, params: Params, call: Call) -> Params:
        refuse_others(params, _CREATE, operation="CreateStack")
        name, token = params["StackName"], params.get("ClientRequestToken", "")
        request = asked("CreateStack", params)
        existing = self._stacks.find(name)
        if existing is not None and repeated(existing, request, token):
            return {"StackId": existing.id}
        stack_id = arn("stack", name, account=self._services.account, region=self._services.region)
        actor = self._actor(params, call)
        revision = self._submissions.revision(params, actor, stack_name=name, stack_id=stack_id, previous=None)
        # What could not be made is refused before there is a stack.
        plan({}, None, revision)
        stack = Stack(stack_id, name, self._services.clock.now())
        stack.policy = self._policy(params, "StackPolicy", call) or ""
        stack.protected = bool(params.get("EnableTerminationProtection"))
        order = Order(
            revision,
            token,
            params.get("RoleARN"),
            on_failure_of(params),
            retain_except_on_create=bool(params.get("RetainExceptOnCreate")),
            caller=call.access_key_id,
        )
        admit(self._stacks, stack)
        self._launcher.create(stack, order, request=request)
        return {"StackId": stack.id}

    def _update_stack(self, params: Params, call: Call) -> Params:
        refuse_others(params, _UPDATE, operation="UpdateStack")
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        request, token = asked("UpdateStack", params), params.get("ClientRequestToken", "")
        if repeated(stack, request, token):
            return {"StackId": stack.id}
        policy = self._policy(params, "StackPolicy", call)
        during = self._policy(params, "StackPolicyDuringUpdate", call)
        # Locked, so that no other update comes between what this one is judged against and its beginning.
        with stack.lock:
            check_updatable(stack)
            actor = self._actor(params, call, stack)
            revision = self._submissions.revision(
                params, actor, stack_name=stack.name, stack_id=stack.id, previous=stack
            )
            if not differs(stack, revision):
                raise InvalidRequest(NOTHING_TO_DO)
            on_failure, caller = on_failure_of(params), call.access_key_id
            order = Order(revision, token, params.get("RoleARN"), on_failure, policy=during, caller=caller)
            self._launcher.update(stack, order, request=request)
            # The policy that stood before the call judges this update; the new one judges those that follow.
            if policy is not None:
                stack.policy = policy
        return {"StackId": stack.id}

    def _delete_stack(self, params: Params, call: Call) -> Params:
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
        actor = self._actor(params, call, stack)
        actor.check()
        deletion = Deletion(retained, params.get("DeletionMode") == "FORCE_DELETE_STACK")
        if not _doomed(stack, deletion):
            refused = "Stack [{name}] cannot be deleted while in status {status}"
            token = params.get("ClientRequestToken", "")
            stack.begin("DELETE_IN_PROGRESS", allowed=DELETABLE, refused=refused, token=token)
            stack.role_arn, stack.caller = actor.role_arn, actor.access_key_id
            self._operations.delete(stack, deletion)
        return {}

    def _cancel_update_stack(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        with stack.lock:
            if stack.status != "UPDATE_IN_PROGRESS":
                raise InvalidRequest("CancelUpdateStack cannot be called from current stack status")
            stack.stop.set()
        return {}

    def _continue_update_rollback(self, params: Params, call: Call) -> Params:
        known = {"ClientRequestToken", "ResourcesToSkip", "RoleARN", "StackName"}
        refuse_others(params, known, operation="ContinueUpdateRollback")
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        request = asked("ContinueUpdateRollback", params)
        if not repeated(stack, request, params.get("ClientRequestToken", "")):
            skip = frozenset(params.get("ResourcesToSkip", ()))
            _check_skipped(stack, skip)
            self._roll_back(stack, params, call, frm="UPDATE_ROLLBACK_FAILED", skip=skip)
        return {}

    def _rollback_stack(self, params: Params, call: Call) -> Params:
        known = {"ClientRequestToken", "DeploymentConfig", "RetainExceptOnCreate", "RoleARN", "StackName"}
        refuse_others(params, known, operation="RollbackStack")
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        request = asked("RollbackStack", params)
        if not repeated(stack, request, params.get("ClientRequestToken", "")):
            self._roll_back(stack, params, call, frm="UPDATE_FAILED", skip=frozenset())
        return {"StackId": stack.id}

    def _set_stack_policy(self, params: Params, call: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        policy = self._policy(params, "StackPolicy", call)
        if policy is None:
            raise InvalidRequest("You must specify either StackPolicyBody or StackPolicyURL")
        stack.policy = policy
        return {}

    def _get_stack_policy(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        return {"StackPolicyBody": stack.policy} if stack.policy else {}

    def _update_termination_protection(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"], missing=_MISSING)
        stack.protected = bool(params["EnableTerminationProtection"])
        return {"StackId": stack.id}

    def _roll_back(self, stack: Stack, params: Params, call: Call, *, frm: str, skip: frozenset[str]) -> None:
        actor = self._actor(params, call, stack)
        actor.check()
        refused = "Stack:{id} is in {status} state and can not be rolled back."
        token = params.get("ClientRequestToken", "")
        stack.begin("UPDATE_ROLLBACK_IN_PROGRESS", allowed=frozenset({frm}), refused=refused, token=token)
        remember(stack, asked(call.operation.name, params), token)
        stack.role_arn, stack.caller = actor.role_arn, actor.access_key_id
        self._operations.roll_back(stack, skip=skip, retain=not params.get("RetainExceptOnCreate"))

    def _policy(self, params: Mapping[str, Any], member: str, call: Call) -> str | None:
        policy = policy_body(params, member, self._services.roles.calling(call.access_key_id))
        if policy is not None:
            StackPolicy(policy)
        return policy


def admit(stacks: Stacks, stack: Stack) -> None:
    """Take a new stack in. Raises AwsError `AlreadyExistsException` when its name is taken."""
    with stacks.lock:
        if stacks.find(stack.name) is not None:
            raise AwsError("AlreadyExistsException", f"Stack [{stack.name}] already exists")
        stack.status = "REVIEW_IN_PROGRESS"
        stacks.add(stack)


def check_updatable(stack: Stack) -> None:
    """Raise InvalidRequest when a stack's status forbids an update."""
    if stack.status not in UPDATABLE:
        raise InvalidRequest(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def differs(stack: Stack, revision: Revision) -> bool:
    """Whether a revision would change anything of a stack: a resource, an output or a tag."""
    before = stack.revision
    changes = plan(stack.live(), before, revision)
    if before is None or changes or stack.status == "UPDATE_FAILED":
        return True
    return (before.template.outputs, before.tags) != (revision.template.outputs, revision.tags)


def on_failure_of(params: Mapping[str, Any]) -> OnFailure:
    """What a failure leads to. Raises InvalidRequest when the request says it twice."""
    if params.get("OnFailure") and params.get("DisableRollback") is not None:
        raise InvalidRequest("You can specify either DisableRollback or OnFailure, but not both")
    if params.get("DisableRollback") or params.get("DeploymentConfig", {}).get("DisableRollback"):
        return "DO_NOTHING"
    chosen: OnFailure = params.get("OnFailure", "ROLLBACK")
    return chosen


def _doomed(stack: Stack, deletion: Deletion) -> bool:
    """Have a stack that is being created delete itself instead. Gives whether it is being created."""
    with stack.lock:
        if stack.status != "CREATE_IN_PROGRESS":
            return False
        stack.doomed = deletion
        stack.stop.set()
        return True


def _check_skipped(stack: Stack, skip: frozenset[str]) -> None:
    # Not those whose update was given up, though they are in that state too (API Reference, ContinueUpdateRollback).
    wrong = ", ".join(sorted(skip - stack.unrestored))
    if wrong:
        raise InvalidRequest(f"The following resources to skip are not in the UPDATE_FAILED state: [{wrong}]")
