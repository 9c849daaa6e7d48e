"""The child processes of the local cloud: jobs, Lambdas and model servers, none of which outlives it.

A child leads a process group, which ends with it. What leaves the group (a daemon, a session of its own) is found on
Linux by a mark in its environment, which it has inherited.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from local import warden
from local.warden import MARK, end_strays

_GRACE_SECONDS = 5.0


class Processes:
    """Starts children in process groups of their own and ends whole groups, so that grandchildren go too.

    Even if this process is killed: a small program of its own session then ends what is left.
    """

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[bytes], str] = {}
        self._name, self._numbers = secrets.token_hex(8), itertools.count()
        self._warden: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        output: IO[bytes] | int = subprocess.DEVNULL,
        stdin: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a child whose output and errors go to `output`. Raises OSError, and RuntimeError once closed."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the local cloud is stopping")
            self._wake_warden()  # before the child, which else could live on if this process were killed meanwhile
            mark = f"{self._name}.{next(self._numbers)};"
            child = subprocess.Popen(
                list(argv),
                env={**env, MARK: mark},
                cwd=cwd,
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )
            self._running[child] = mark
            self._tell_warden(f"+{child.pid}")
        return child

    def stop(self, child: subprocess.Popen[bytes], *, grace_seconds: float = _GRACE_SECONDS) -> int:
        """End a child's whole group: SIGTERM, then SIGKILL after the grace. Gives its exit code."""
        _signal_group(child, signal.SIGTERM)
        try:
            child.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            _signal_group(child, signal.SIGKILL)
            child.wait()
        self.forget(child)
        return child.returncode

    def forget(self, child: subprocess.Popen[bytes]) -> None:
        """Say that a child has been waited for; what is left of its group, or has left it, is ended."""
        _signal_group(child, signal.SIGKILL)
        with self._lock:
            mark = self._running.pop(child, None)
            self._tell_warden(f"-{child.pid}")
        if mark is not None:
            end_strays(mark)

    def close(self) -> None:
        """End every child, all within one grace; no other can be started."""
        with self._lock:
            self._closed = True
            children = list(self._running)
        for child in children:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        for child in children:
            self.stop(child, grace_seconds=max(0.0, deadline - time.monotonic()))
        with self._lock:
            if self._warden is not None:
                self._warden.communicate()
                self._warden = None

    def _wake_warden(self) -> None:
        if self._warden is not None and self._warden.poll() is None:
            return
        if self._warden is not None and self._warden.stdin is not None:
            self._warden.stdin.close()  # somebody has ended it: another one takes its place
        self._warden = subprocess.Popen(
            [sys.executable, "-IS", warden.__file__, self._name],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        for child in self._running:
            self._tell_warden(f"+{child.pid}")

    def _tell_warden(self, line: str) -> None:
        if self._warden is None:
            return  # closed: every child has been ended
        assert self._warden.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has been ended, and the next one will be told of all
            self._warden.stdin.write(f"{line}\n".encode())


def ends_within(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a child ends within so many seconds; Linux tells at once, elsewhere it is looked for time and again."""
    try:
        descriptor = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # another system, an old kernel, or somebody else has waited for it
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
    try:
        end = select.poll()
        end.register(descriptor, select.POLLIN)
        end.poll(math.ceil(seconds * 1000))
    finally:
        os.close(descriptor)
    return child.poll() is not None


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # the whole group has ended already; macOS refuses to signal one of zombies alone
