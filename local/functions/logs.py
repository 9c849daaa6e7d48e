"""A function's log as CloudWatch Logs keeps it: the platform's lines around what the function wrote."""

from __future__ import annotations

import json
import logging
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from local.functions.environment import principal
from local.functions.function import Function
from local.functions.worker import Answer, Invocation
from local.logs import put
from local.roles import NotAssumable
from local.services import Services

_EVENTS_PER_CALL: Final = 1000
_log = logging.getLogger(__name__)


def lines(function: Function, invocation: Invocation, answer: Answer) -> list[str]:
    """The log of one invocation, one log event each, in the function's log format."""
    written = [line for line in answer.output.split("\n") if line.strip()]
    before, after = _json(function, invocation, answer) if function.logs_json else _text(function, invocation, answer)
    return [*before, *written, *after]


class Logs:
    """Writes to CloudWatch Logs in the functions' roles, making groups and streams where there are none.

    Times are wall time, as a function's own are.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def write(self, function: Function, stream: str, texts: list[str]) -> None:
        """Append log events. A log that cannot be written never fails an invocation."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": text} for text in texts]
        try:
            client = self._services.roles.acting(principal(function), source_arn=function.arn).client("logs")
            for first in range(0, len(events), _EVENTS_PER_CALL):
                part = events[first : first + _EVENTS_PER_CALL]
                put(client, part, group=function.log_group, stream=stream)
        except (ClientError, NotAssumable) as error:
            _log.warning("the log of %s is lost: %s", function.name, error)


def _text(function: Function, invocation: Invocation, answer: Answer) -> tuple[list[str], list[str]]:
    request_id = invocation.request_id
    report = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {answer.seconds * 1000:.2f} ms",
        f"Billed Duration: {math.ceil(answer.seconds * 1000)} ms",
        f"Memory Size: {function.configuration['MemorySize']} MB",
    ]
    if answer.init_seconds is not None:
        report.append(f"Init Duration: {answer.init_seconds * 1000:.2f} ms")
    after = [f"END RequestId: {request_id}", "\t".join(report)]
    if answer.timed_out:
        after.insert(0, f"{_now()} {request_id} Task timed out after {function.timeout_seconds:.2f} seconds")
    return [f"START RequestId: {request_id} Version: {function.version}"], after


def _json(function: Function, invocation: Invocation, answer: Answer) -> tuple[list[str], list[str]]:
    metrics: dict[str, Any] = {
        "durationMs": round(answer.seconds * 1000, 3),
        "billedDurationMs": math.ceil(answer.seconds * 1000),
        "memorySizeMB": function.configuration["MemorySize"],
    }
    if answer.init_seconds is not None:
        metrics["initDurationMs"] = round(answer.init_seconds * 1000, 3)
    status = "timeout" if answer.timed_out else "error" if answer.failed else "success"
    start = {"requestId": invocation.request_id, "version": function.version}
    report = {"requestId": invocation.request_id, "metrics": metrics, "status": status}
    began = _now(seconds_ago=answer.seconds)
    return [_event("platform.start", start, at=began)], [_event("platform.report", report, at=_now())]


def _event(kind: str, record: dict[str, Any], *, at: str) -> str:
    return json.dumps({"time": at, "type": kind, "record": record})


def _now(*, seconds_ago: float = 0.0) -> str:
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
