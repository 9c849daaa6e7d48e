"""The program of a job: started once, stopped on request or at a limit, waited for while its log is shipped."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from local.processes import ends_within
from local.sagemaker.errors import JobFailed, JobStopped
from local.sagemaker.jobs.limits import Limits, out_of_memory_kills, used_bytes
from local.services import Services

_TICK_SECONDS = 1.0
_SHARE_OF_LOOKING = 0.02
"""Looking at a folder of many files takes time: at most this share of the job's goes into it."""


class Child:
    """A program that may be told to stop before it has begun."""

    def __init__(self, services: Services) -> None:
        self._processes = services.processes
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._kills_before = 0
        self._lock = threading.Lock()

    def start(self, process: subprocess.Popen[bytes], *, limits: Limits) -> None:
        """Take over a process that has just been started."""
        limits.impose(process)
        self._kills_before = out_of_memory_kills()
        with self._lock:
            self._process = process
            stopped = self._stopped
        if stopped:
            self._processes.stop(process)

    def stop(self) -> None:
        """End the program: SIGTERM, and after a grace SIGKILL."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            self._processes.stop(process)

    def wait(self, tick: Callable[[], None], *, limits: Limits, folder: Path) -> int:
        """Wait for the end, ticking at once and every second on the way; gives the exit code.

        Raises JobStopped when it was stopped, also at the limit of time, and JobFailed when `folder` has outgrown its
        volume or the machine has no memory left.
        """
        process = self._process
        assert process is not None, "a job waits for its program after it has started"
        try:
            tick()  # the log's stream is made, and what the platform says is told, while the program starts
            self._watch(process, tick, limits=limits, folder=folder)
        finally:
            self._processes.stop(process)  # whatever kept it from being watched, it does not run on
        if self._stopped:
            raise JobStopped("")
        return self._exit_code(process.returncode)

    def _watch(
        self, process: subprocess.Popen[bytes], tick: Callable[[], None], *, limits: Limits, folder: Path
    ) -> None:
        end, look = time.monotonic() + limits.max_runtime_seconds, _Look(folder, limits)
        while process.poll() is None:
            left = end - time.monotonic()
            if left <= 0:
                seconds = limits.max_runtime_seconds
                raise JobStopped(f"MaxRuntimeExceeded: the job ran longer than {seconds} seconds.")
            if not ends_within(process, min(_TICK_SECONDS, left)):
                tick()
                if look.finds_too_much():
                    raise JobFailed(look.told)

    def _exit_code(self, code: int) -> int:
        # A shell reports a signal as 128 + its number, and so does a container.
        code = code if code >= 0 else 128 - code
        if code == 137 and out_of_memory_kills() > self._kills_before:
            raise JobFailed("AlgorithmError: exit code: 137, the system killed a process for want of memory")
        return code


class _Look:
    """Watches over the size of a folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._most = folder, limits.volume_bytes
        self._next = 0.0
        self.told = ""

    def finds_too_much(self) -> bool:
        """Whether there is more in the folder than its volume holds, as `told` tells then."""
        began = time.monotonic()
        if self._most is None or began < self._next:
            return False
        used, now = used_bytes(self._folder), time.monotonic()
        self._next = now + (now - began) / _SHARE_OF_LOOKING
        self.told = f"ClientError: No space left on device: {used} bytes are on a volume of {self._most}"
        return used > self._most
