"""Runs handlers of the CDK's provider framework: one for events, and one that is asked until all is complete.

On AWS a state machine asks; here the function that took the event does, as long as it may run.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
from answering import answered, send  # type: ignore[import-not-found]
from botocore.config import Config

_PATIENT = Config(read_timeout=910, retries={"total_max_attempts": 1})
_INTERVAL_SECONDS = 1.0
_RESERVE_MILLISECONDS = 5_000


def on_event(event: dict[str, Any], context: Any) -> None:
    """Have the user's function do the work, and answer when it is complete."""
    answered(lambda asked: _work(asked, context))(event, context)


def _work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    asked = {**event, "ResourceProperties": event.get("ResourceProperties") or {}}
    result = _invoked("USER_ON_EVENT_FUNCTION_ARN", asked) or {}
    known = event.get("PhysicalResourceId") or event["RequestId"]
    identity = result.get("PhysicalResourceId") or known
    if event["RequestType"] == "Delete" and identity != known:
        raise ValueError(f'DELETE: cannot change the physical resource ID from "{known}" to "{identity}"')
    done = {**result, "PhysicalResourceId": identity}
    if os.environ.get("USER_IS_COMPLETE_FUNCTION_ARN"):
        done = _completed({**asked, **done}, context)
    members = ("PhysicalResourceId", "Data", "NoEcho")
    return {name: done[name] for name in members if name in done}


def _completed(event: dict[str, Any], context: Any) -> dict[str, Any]:
    while context.get_remaining_time_in_millis() > _RESERVE_MILLISECONDS:
        result = _invoked("USER_IS_COMPLETE_FUNCTION_ARN", event)
        if result["IsComplete"]:
            return {**event, **result, "Data": {**(event.get("Data") or {}), **(result.get("Data") or {})}}
        if result.get("Data"):
            raise ValueError('"Data" is not allowed if "IsComplete" is "False"')
        time.sleep(_INTERVAL_SECONDS)
    raise TimeoutError("Operation timed out")


def _invoked(variable: str, event: dict[str, Any]) -> Any:
    arn = os.environ[variable]
    answer = boto3.client("lambda", config=_PATIENT).invoke(FunctionName=arn, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise RuntimeError(f"{payload.get('errorMessage', 'error')}\n\nLogs: /aws/lambda/{arn.rpartition(':')[2]}")
    return payload


def is_complete(event: dict[str, Any], context: Any) -> None:
    """Nobody asks this one here: the first function does."""
    send(event, "FAILED", Reason="the state machine of the provider framework does not run here")


onEvent, isComplete, onTimeout = on_event, is_complete, is_complete
