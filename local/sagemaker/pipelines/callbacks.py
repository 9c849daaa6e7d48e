"""Callback steps: a token goes out by SQS, and whoever has it says how the step ended.

Developer Guide, "Add a step", Callback step.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.errors import AwsError
from local.front import Handler
from local.roles import Clients
from local.sagemaker.errors import StepFailed
from local.sagemaker.kinds import Kind
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.resources import Record, Store
from local.wire import Call

Params = dict[str, Any]

CALLBACK: Final = Kind(
    "Callback",
    "callback",
    missing="Callback token {name} does not exist.",
    exists="Callback token {name} already exists.",
    missing_code="ResourceNotFound",
    name_member="CallbackToken",
)
_TOKEN_CHARACTERS: Final = 10
_ALPHABET: Final = string.ascii_letters + string.digits
_WAITING, _SUCCEEDED, _FAILED = "Waiting", "Succeeded", "Failed"


class Callbacks:
    """What the two Send operations tell the steps that wait."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "SendPipelineExecutionStepSuccess": self.succeed,
            "SendPipelineExecutionStepFailure": self.fail,
        }

    def succeed(self, params: Params, _: Call) -> Params:
        """End a step well, with its outputs."""
        outputs = {output["Name"]: output["Value"] for output in params.get("OutputParameters", [])}
        return self._end(params, {"Status": _SUCCEEDED, "Outputs": outputs})

    def fail(self, params: Params, _: Call) -> Params:
        """End a step badly."""
        return self._end(params, {"Status": _FAILED, "FailureReason": params.get("FailureReason", "")})

    def _end(self, params: Params, members: Params) -> Params:
        token = params["CallbackToken"]

        def change(record: Record) -> Mapping[str, Any]:
            request = params.get("ClientRequestToken")
            if record["Status"] == _WAITING:
                return {**members, "ClientRequestToken": request}
            if request is None or request != record.get("ClientRequestToken"):
                raise AwsError("ConflictException", f"The step of callback token {token} has ended already.")
            return {}

        return self._store.edit(CALLBACK, token, change)


class Waiting:
    """A Callback step of one execution, as it runs."""

    def __init__(self, store: Store, *, execution_arn: str) -> None:
        self._store, self._execution_arn = store, execution_arn

    def begin(self, step: Step, arguments: Params, *, queue: str, clients: Clients) -> str:
        """Send a new token to the step's queue, and give it."""
        token = "".join(secrets.choice(_ALPHABET) for _ in range(_TOKEN_CHARACTERS))
        members = {"Status": _WAITING, "PipelineExecutionArn": self._execution_arn, "StepName": step.name}
        self._store.add(CALLBACK, token, {**members, "Queue": queue, "Arguments": arguments})
        self._tell(token, queue, clients, arguments=arguments)
        return token

    def end(self, token: str, step: Step, *, given_up: Callable[[], bool]) -> Params:
        """Wait for the answer, and give the step's outputs. Raises StepFailed, also when the wait is given up.

        An execution that is stopped waits all the same: its queue was told, and whoever has the token answers
        (Developer Guide, "Add a step", Callback step, stopping behavior).
        """
        ended = self._store.until(CALLBACK, token, lambda record: record["Status"] != _WAITING or given_up())
        if ended["Status"] != _SUCCEEDED:
            raise StepFailed(ended.get("FailureReason") or "The callback step failed.")
        declared = step.body.get("OutputParameters") or []
        return {output["OutputName"]: _typed(output, ended["Outputs"]) for output in declared}

    def stop(self, step: Step, clients: Clients) -> None:
        """Tell the queue of a step that waits that its execution is stopping."""
        for record in self._store.all(CALLBACK):
            mine = record["PipelineExecutionArn"] == self._execution_arn and record["StepName"] == step.name
            if mine and record["Status"] == _WAITING:
                token, queue = record["CallbackToken"], record["Queue"]
                self._tell(token, queue, clients, arguments=record["Arguments"], status="Stopping")

    def _tell(self, token: str, queue: str, clients: Clients, **more: Any) -> None:
        body = {"token": token, "pipelineExecutionArn": self._execution_arn, **more}
        clients.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))


def _typed(output: Mapping[str, str], given: Mapping[str, str]) -> Any:
    name, kind = output["OutputName"], output.get("OutputType", "String")
    convert: Mapping[str, Any] = {"Integer": int, "Float": float, "Boolean": lambda text: _BOOLEANS[text.lower()]}
    try:
        return convert.get(kind, str)(given[name])
    except (KeyError, ValueError) as error:
        raise StepFailed(f"ClientError: the callback gave no output {name!r} of type {kind}") from error


_BOOLEANS: Final = {"true": True, "false": False}
