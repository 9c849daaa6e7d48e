"""One warm child process of a function: what Lambda calls an execution environment."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.functions import runtime
from local.functions.function import Function
from local.processes import Processes

_INIT_SECONDS: Final = 10.0
"""What Lambda gives a module to load, before the first invocation's own time ("Lambda runtime environment")."""

_EXIT_SECONDS: Final = 5.0
_CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True)
class Invocation:
    """One event for a handler; `event` is JSON text."""

    request_id: str
    arn: str
    event: str
    client_context: Any = None


@dataclass(frozen=True)
class Answer:
    """What became of an invocation: JSON text, whether it is an error, the function's output, wall times."""

    payload: str
    failed: bool
    output: str
    seconds: float
    init_seconds: float | None = None
    timed_out: bool = False


class Worker:
    """A child that serves one invocation at a time. Once `alive` is false it is of no more use."""

    def __init__(
        self,
        function: Function,
        processes: Processes,
        *,
        environment: Mapping[str, str],
        libraries: Path,
        log_stream: str,
    ) -> None:
        """Start the child; its module loads meanwhile. Raises OSError, RuntimeError once the cloud stops."""
        self.function, self.log_stream = function, log_stream
        self.alive = True
        self._processes = processes
        self._loaded = False
        self._output, self._answers = bytearray(), bytearray()
        self._started = self._idle_since = time.monotonic()
        self._answers_fd, given = os.pipe()
        try:
            self._child = processes.start(
                [sys.executable, "-I", "-S", "-u", str(Path(runtime.__file__)), str(given), str(libraries)],
                env=environment,
                cwd=function.code.folder,
                output=subprocess.PIPE,
                stdin=subprocess.PIPE,
                pass_fds=(given,),
            )
        except (OSError, RuntimeError):
            os.close(self._answers_fd)
            raise
        finally:
            os.close(given)
        os.set_blocking(self._output_fd, False)

    @property
    def idle_seconds(self) -> float:
        """Wall time since the last invocation ended."""
        return time.monotonic() - self._idle_since

    @property
    def age_seconds(self) -> float:
        """Wall time since the child was started, with the credentials of that moment."""
        return time.monotonic() - self._started

    def invoke(self, invocation: Invocation) -> Answer:
        """Run the handler once. An error of the function is an answer, not an exception."""
        init_seconds = None
        if not self._loaded:
            message = self._load(invocation)
            init_seconds = time.monotonic() - self._started
            if message["failure"] is not None:
                self.stop()
                return self._answer(message, invocation, seconds=0.0, init_seconds=init_seconds)
        began = time.monotonic()
        message = self._serve(invocation)
        self._idle_since = time.monotonic()
        return self._answer(message, invocation, seconds=self._idle_since - began, init_seconds=init_seconds)

    def stop(self) -> None:
        """End the child and its group at once, as Lambda does. Any thread may call it."""
        self.alive = False
        self._processes.stop(self._child, grace_seconds=0)

    def close(self) -> None:
        """End the child and give its pipes back; not while an invocation runs."""
        self.stop()
        os.close(self._answers_fd)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def _output_fd(self) -> int:
        assert self._child.stdout is not None
        return self._child.stdout.fileno()

    def _load(self, invocation: Invocation) -> dict[str, Any]:
        self._loaded = True
        return self._next_message(invocation, limit_seconds=_INIT_SECONDS + self.function.timeout_seconds)

    def _serve(self, invocation: Invocation) -> dict[str, Any]:
        limit = self.function.timeout_seconds
        line = json.dumps({**vars(invocation), "deadline": time.time() + limit}).encode() + b"\n"
        assert self._child.stdin is not None
        rest = memoryview(line)
        # A child that has just died shows it by the end of its answers.
        with contextlib.suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._child.stdin.fileno(), rest) :]
        return self._next_message(invocation, limit_seconds=limit)

    def _next_message(self, invocation: Invocation, *, limit_seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + limit_seconds
        with selectors.DefaultSelector() as pipes:
            pipes.register(self._answers_fd, selectors.EVENT_READ, self._answers)
            pipes.register(self._output_fd, selectors.EVENT_READ, self._output)
            while b"\n" not in self._answers:
                if time.monotonic() >= deadline:
                    return self._timed_out(invocation, limit_seconds)
                for key, _ in pipes.select(max(0.0, deadline - time.monotonic())):
                    chunk = os.read(key.fd, _CHUNK_BYTES)
                    key.data.extend(chunk)
                    if not chunk:
                        pipes.unregister(key.fd)
                if self._answers_fd not in pipes.get_map():
                    return self._exited(invocation)
        line, _, rest = self._answers.partition(b"\n")
        self._answers = rest
        message: dict[str, Any] = json.loads(line)
        return message

    def _timed_out(self, invocation: Invocation, limit_seconds: float) -> dict[str, Any]:
        self.stop()
        text = f"RequestId: {invocation.request_id} Error: Task timed out after {limit_seconds:.2f} seconds"
        return {"failure": {"errorType": "Sandbox.Timedout", "errorMessage": text}, "timed_out": True}

    def _exited(self, invocation: Invocation) -> dict[str, Any]:
        # The pipe closes a moment before the child has its exit code; a child that lives on without it is ended.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_EXIT_SECONDS)
        self.stop()
        text = f"RequestId: {invocation.request_id} Error: {_ending(self._child.returncode)}"
        return {"failure": {"errorType": "Runtime.ExitError", "errorMessage": text}}

    def _answer(
        self, message: dict[str, Any], invocation: Invocation, *, seconds: float, init_seconds: float | None
    ) -> Answer:
        failure = message.get("failure")
        payload = message["result"] if failure is None else json.dumps(_with_request_id(failure, invocation))
        return Answer(
            payload=payload,
            failed=failure is not None,
            output=self._taken_output(),
            seconds=seconds,
            init_seconds=init_seconds,
            timed_out=message.get("timed_out", False),
        )

    def _taken_output(self) -> str:
        # What the child wrote before its answer is in the pipe already.
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._output_fd, _CHUNK_BYTES):
                self._output.extend(chunk)
        output = self._output.decode(errors="replace")
        self._output.clear()
        return output


def _with_request_id(failure: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    # Errors of the platform carry the id in their text and have no trace.
    return failure | {"requestId": invocation.request_id} if "stackTrace" in failure else failure


def _ending(code: int) -> str:
    if code < 0:
        return f"Runtime exited with error: signal: {signal.strsignal(-code)}".lower().replace("runtime", "Runtime", 1)
    return f"Runtime exited with error: exit status {code}" if code else "Runtime exited without providing a reason"
