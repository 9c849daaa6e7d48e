"""The Invoke operation: wait for the answer, leave it to run, or only ask."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any, Final

from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.functions.asynchronous import Asynchronous
from local.functions.book import Book
from local.functions.function import Function
from local.functions.run import Runner
from local.functions.worker import Invocation
from local.wire import Call

_TAIL_BYTES: Final = 4096


class Invoke:
    """Answers Invoke with `runner`, or hands the event to `asynchronous`."""

    def __init__(self, book: Book, runner: Runner, asynchronous: Asynchronous) -> None:
        self._book, self._runner, self._asynchronous = book, runner, asynchronous

    def handlers(self) -> dict[str, Handler]:
        """The operation."""
        return {"Invoke": self._invoke}

    def _invoke(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        for name in ("DurableExecutionName", "TenantId"):
            if params.get(name):
                raise UnsupportedLocally(f"lambda:Invoke with {name}")
        function = self._book.find(params["FunctionName"], params.get("Qualifier"))
        event = _event(params.get("Payload", b""))
        kind = params.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return {"StatusCode": 204}
        if kind == "Event":
            self._asynchronous.accept(function, event)
            return {"StatusCode": 202}
        return self._answered(function, event, params)

    def _answered(self, function: Function, event: str, params: dict[str, Any]) -> dict[str, Any]:
        context = _client_context(params.get("ClientContext"))
        invocation = Invocation(str(uuid.uuid4()), function.described()["FunctionArn"], event, context)
        answer, log = self._runner.run(function, invocation)
        result: dict[str, Any] = {
            "StatusCode": 200,
            "Payload": answer.payload.encode(),
            "ExecutedVersion": function.version,
        }
        if answer.failed:
            result["FunctionError"] = "Unhandled"
        if params.get("LogType") == "Tail":
            tail = ("\n".join(log) + "\n").encode()[-_TAIL_BYTES:]
            result["LogResult"] = base64.b64encode(tail).decode()
        return result


def _event(payload: bytes) -> str:
    text = payload.decode(errors="replace") or "{}"
    try:
        json.loads(text)
    except ValueError as error:
        raise AwsError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from error
    return text


def _client_context(encoded: str | None) -> Any:
    if encoded is None:
        return None
    try:
        return json.loads(base64.b64decode(encoded, validate=True))
    except ValueError as error:
        raise AwsError(
            "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."
        ) from error
