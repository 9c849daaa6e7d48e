"""The warm workers of all functions: lent for one invocation, kept for the next, ended when idle."""

from __future__ import annotations

import collections
import threading
import uuid
from typing import Final

from local.errors import AwsError
from local.functions.environment import environment
from local.functions.function import Function
from local.functions.libraries import link_libraries
from local.functions.worker import Worker
from local.services import Services

_WORKERS_PER_FUNCTION: Final = 4
_IDLE_SECONDS: Final = 90.0
"""Wall time. A worker with boto3 loaded holds 60 MB and is started again in half a second of CPU time; this keeps the
one warm that is called every minute, and none of those that a burst of events has needed beside it."""
_OLDEST_SECONDS: Final = 2700.0
"""A worker's credentials are good for an hour."""
_STOP_SECONDS: Final = 5.0


class Pool:
    """At most a few workers per function; who comes when all are busy waits, unless concurrency is reserved."""

    def __init__(self, services: Services, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._services, self._idle_limit = services, idle_seconds
        self._libraries = services.workdir / "function-libraries"
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._claimed: collections.Counter[str] = collections.Counter()
        self._changed = threading.Condition()
        self._linking = threading.Lock()
        self._reaper: threading.Thread | None = None
        self._closed = False

    def lend(self, function: Function, *, reserved: int | None = None) -> Worker:
        """A worker for one invocation, warm if there is one; give it back.

        Raises AwsError `TooManyRequestsException` when the function's reserved concurrency is used up.
        """
        with self._changed:
            self._claim(function.name, reserved)
            worker, stale = self._taken(function)
        for old in stale:
            old.close()
        try:
            worker = worker or self._started(function)
        except BaseException:
            self._unclaim(function.name)
            raise
        with self._changed:
            self._busy.add(worker)
        return worker

    def give_back(self, worker: Worker) -> None:
        """Say that a lent worker's invocation has ended."""
        with self._changed:
            self._busy.discard(worker)
            keep = worker.alive and not self._closed
            if keep:
                self._idle.append(worker)
                self._start_reaper()
        if not keep:
            worker.close()
        self._unclaim(worker.function.name)

    def retire(self, name: str) -> None:
        """End the idle workers of a function that was changed or deleted."""
        with self._changed:
            gone = [worker for worker in self._idle if worker.function.name == name]
            self._idle = [worker for worker in self._idle if worker.function.name != name]
        for worker in gone:
            worker.close()

    def close(self) -> None:
        """End every worker, the busy ones too, and wait for those who lent them."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
            self._changed.notify_all()
        for worker in idle:
            worker.close()
        for worker in busy:
            worker.stop()
        with self._changed:
            self._changed.wait_for(lambda: not self._claimed.total(), _STOP_SECONDS)
        if self._reaper is not None:
            self._reaper.join(_STOP_SECONDS)

    def _claim(self, name: str, reserved: int | None) -> None:
        if reserved is not None and self._claimed[name] >= reserved:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", status=429)
        self._changed.wait_for(lambda: self._claimed[name] < _WORKERS_PER_FUNCTION or self._closed)
        if self._closed:
            raise AwsError("ServiceException", "The local cloud is stopping.", status=500)
        self._claimed[name] += 1

    def _unclaim(self, name: str) -> None:
        with self._changed:
            self._claimed[name] -= 1
            self._changed.notify_all()

    def _taken(self, function: Function) -> tuple[Worker | None, list[Worker]]:
        mine = [w for w in self._idle if w.function.name == function.name and w.function.version == function.version]
        good = [w for w in mine if w.function is function and w.age_seconds < _OLDEST_SECONDS]
        taken = good[-1] if good else None
        stale = [worker for worker in mine if worker not in good]
        self._idle = [worker for worker in self._idle if worker is not taken and worker not in stale]
        return taken, stale

    def _started(self, function: Function) -> Worker:
        with self._linking:
            if not self._libraries.exists():
                link_libraries(self._libraries)
        day = self._services.clock.now().strftime("%Y/%m/%d")
        stream = f"{day}/[{function.version}]{uuid.uuid4().hex}"
        return Worker(
            function,
            self._services.processes,
            environment=environment(function, self._services, log_stream=stream),
            libraries=self._libraries,
            log_stream=stream,
        )

    def _start_reaper(self) -> None:
        if self._reaper is None:
            self._reaper = threading.Thread(target=self._reap, name="lambda-reaper", daemon=True)
            self._reaper.start()
        self._changed.notify_all()

    def _reap(self) -> None:
        while not self._closed:
            with self._changed:
                self._changed.wait(self._seconds_to_next())
                tired = [worker for worker in self._idle if worker.idle_seconds >= self._idle_limit]
                self._idle = [worker for worker in self._idle if worker not in tired]
            for worker in tired:
                worker.close()

    def _seconds_to_next(self) -> float | None:
        if self._closed:
            return 0.0
        ages = [worker.idle_seconds for worker in self._idle]
        return max(0.0, self._idle_limit - max(ages)) if ages else None
