"""Work that goes on after the API call that caused it has been answered: a few threads, and the clock for later."""

from __future__ import annotations

import collections
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from local.clock import Clock

Job = Callable[[], None]

_JOIN_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Background:
    """Runs jobs on at most `threads` daemon threads, which start with the first job; the order is not promised."""

    def __init__(self, name: str, clock: Clock, *, threads: int = 8) -> None:
        self._name, self._clock, self._bound = name, clock, threads
        self._queue: collections.deque[Job] = collections.deque()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._running = 0
        self._waiting = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run `job` soon. After `close` it is dropped."""
        with self._changed:
            if self._closed:
                return
            self._queue.append(job)
            if len(self._threads) < min(self._bound, self._running + len(self._queue)):
                self._start_thread()
            self._changed.notify_all()

    def later(self, delay: timedelta, job: Job) -> None:
        """Run `job` after `delay` of the cloud's time."""
        with self._changed:
            self._waiting += 1
        self._clock.after(delay, lambda: self._due(job))

    def at(self, due: datetime, job: Job) -> None:
        """Run `job` at a time of the cloud's, or soon when that has passed."""
        delay = due - self._clock.now()
        if delay > timedelta():
            self.later(delay, job)
        else:
            self.submit(job)

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until no job is queued or running: only the clock can wake what is left. False when time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._queue or self._running), timeout_seconds)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until every job has ended, those that wait for the clock too. False when time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._queue or self._running or self._waiting), timeout_seconds)

    def close(self) -> None:
        """Drop what has not begun and end the threads."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)

    def _due(self, job: Job) -> None:
        with self._changed:
            self._waiting -= 1
            self.submit(job)
            self._changed.notify_all()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - the border of a thread: one failed job must not end it
                _log.exception("a job of %s failed", self._name)
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if self._closed:
                return None
            self._running += 1
            return self._queue.popleft()
