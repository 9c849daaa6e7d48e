"""The child's side of a function: what AWS's Python runtime does around a handler. A program of its own, stdlib only.

Arguments: the file descriptor for answers, the folder of the libraries that AWS's runtime brings along. Each line on
standard input is an invocation, each line on that descriptor an answer; standard output and error are the log.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

Handler = Callable[[Any, "Context"], Any]


class Context:
    """The second argument of a handler ("Using the Lambda context object to retrieve Python function information")."""

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id: str = invocation["request_id"]
        self.invoked_function_arn: str = invocation["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity: None = None
        self.client_context: Any = invocation.get("client_context")
        self._deadline: float = invocation["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out, never below zero."""
        return max(0, int((self._deadline - time.time()) * 1000))


class Log(logging.Handler):
    """Writes each record as one line: JSON or tab-separated text, in AWS's shapes."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self.request_id: str | None = None
        self._as_json = as_json

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record. A broken one is reported as logging does, on standard error."""
        try:
            self.write(self._json(record) if self._as_json else self._text(record))
        except (TypeError, ValueError):
            self.handleError(record)

    def failure(self, error: dict[str, Any]) -> None:
        """Write the error that ended an invocation."""
        if self._as_json:
            about = {"timestamp": _timestamp(time.time()), "log_level": "ERROR", **error, "requestId": self.request_id}
            self.write(json.dumps(about, ensure_ascii=False))
        else:
            about_it, trace = f"{error['errorType']}: {error['errorMessage']}", "".join(error["stackTrace"])
            self.write(f"[ERROR] {about_it}\nTraceback (most recent call last):\n{trace}")

    def write(self, text: str) -> None:
        """Write one line; a line feed inside becomes a carriage return, which keeps it one log event."""
        # The function may have left its own last line open; an empty one is no event.
        sys.stdout.write("\n" + text.rstrip("\n").replace("\n", "\r") + "\n")

    def _text(self, record: logging.LogRecord) -> str:
        message = self.format(record)
        return f"[{record.levelname}]\t{_timestamp(record.created)}\t{self.request_id or ''}\t{message}"

    def _json(self, record: logging.LogRecord) -> str:
        about: dict[str, Any] = {
            "timestamp": _timestamp(record.created),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            about |= {
                "stackTrace": traceback.format_tb(trace),
                "errorType": kind.__name__,
                "errorMessage": str(error),
                "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
            }
        about |= {key: value for key, value in vars(record).items() if key not in _RECORD_MEMBERS}
        if self.request_id:
            about["requestId"] = self.request_id
        return json.dumps(about, ensure_ascii=False, default=str)


_RECORD_MEMBERS = {*vars(logging.LogRecord("", 0, "", 0, "", (), None)), "message", "asctime", "taskName"}
_LEVELS = {"TRACE": logging.DEBUG, "FATAL": logging.CRITICAL}


def main() -> None:
    """Load the handler, then answer invocations until standard input ends."""
    invocations, answers = _pipes(int(sys.argv[1]))
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    sys.path.extend(filter(None, os.environ.get("LAMBDA_LAYER_PATHS", "").split(os.pathsep)))
    sys.path.append(sys.argv[2])
    log = _configured_log()
    handler, failure = _loaded(os.environ["_HANDLER"])
    if failure is not None:
        log.failure(failure)
    _answer(answers, {"failure": failure})
    for line in invocations:
        invocation = json.loads(line)
        log.request_id = invocation["request_id"]
        _answer(answers, _invoked(handler, invocation, log))


def _pipes(answers_fd: int) -> tuple[TextIO, TextIO]:
    # Neither a handler nor its children may read the invocations or write answers.
    invocations = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.set_inheritable(answers_fd, False)
    return invocations, os.fdopen(answers_fd, "w", encoding="utf-8")


def _invoked(handler: Handler, invocation: dict[str, Any], log: Log) -> dict[str, Any]:
    try:
        result = handler(json.loads(invocation["event"]), Context(invocation))
    except Exception as error:  # noqa: BLE001 - whatever the handler raises is its answer
        failure = _failure(error, skip=1)
    else:
        try:
            return {"result": json.dumps(result, ensure_ascii=False)}
        except (TypeError, ValueError) as error:
            failure = _described("Runtime.MarshalError", f"Unable to marshal response: {error}")
    log.failure(failure)
    return {"failure": failure}


def _loaded(name: str) -> tuple[Handler, None] | tuple[Any, dict[str, Any]]:
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        return None, _described(
            "Runtime.MalformedHandlerName", f"Bad handler '{name}': it names no module and function"
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, _described("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        return None, _described("Runtime.UserCodeSyntaxError", message)
    except Exception as error:  # noqa: BLE001 - whatever the module raises is the answer
        return None, _failure(error, skip=0)
    if not hasattr(module, function_name):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return None, _described("Runtime.HandlerNotFound", message)
    return getattr(module, function_name), None


def _failure(error: Exception, *, skip: int) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[skip:]
    return _described(type(error).__name__, str(error), traceback.format_list(frames))


def _described(kind: str, message: str, trace: list[str] | None = None) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "stackTrace": trace or []}


def _configured_log() -> Log:
    log = Log(as_json=os.environ["AWS_LAMBDA_LOG_FORMAT"] == "JSON")
    logging.root.addHandler(log)
    if level := os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        logging.root.setLevel(_LEVELS.get(level, level))
    logging.Formatter.converter = time.gmtime
    return log


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


if __name__ == "__main__":
    main()
