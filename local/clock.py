"""The one clock of the local cloud: real, accelerated, or stepped by a test."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_JOIN_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 3_600.0  # what is due in centuries is more than a lock can wait for
_log = logging.getLogger(__name__)


class Clock:
    """Tells the cloud's time and runs what is due.

    `speed` is simulated seconds per wall second: 1 is real time, 120 makes a ten-minute bake last five seconds,
    and 0 stands still until `advance` is called. Request latency and CPU time are never taken from here.
    """

    def __init__(self, *, speed: float = 1.0, start: datetime | None = None) -> None:
        if speed < 0:
            raise ValueError(f"speed is simulated seconds per second and cannot be negative: {speed}")
        self.speed = speed
        self._origin = start or datetime.now(UTC)
        self._wall = time.monotonic()
        self._stepped = timedelta()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._runner: threading.Thread | None = None

    def now(self) -> datetime:
        """The cloud's time, aware, UTC."""
        wall_seconds = time.monotonic() - self._wall
        return self._origin + self._stepped + timedelta(seconds=wall_seconds * self.speed)

    def after(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Run `action` once, `delay` of the cloud's time from now, on the clock's thread. After `close`, never."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._due, (self.now() + delay, next(self._order), action))
            if self.speed and self._runner is None:
                self._runner = threading.Thread(target=self._run, name="clock", daemon=True)
                self._runner.start()
            self._changed.notify_all()

    def advance(self, by: timedelta) -> None:
        """Step a clock of speed 0 forward, running on the way what falls due, in order, on the caller's thread."""
        if self.speed:
            raise ValueError("only a stepped clock (speed 0) can be advanced")
        if by < timedelta():
            raise ValueError(f"time does not go back: {by}")
        end = self._stepped + by
        while (due := self._next_before(self._origin + end)) is not None:
            moment, action = due
            self._stepped = max(self._stepped, moment - self._origin)
            action()
        self._stepped = end

    def forget(self) -> None:
        """Drop what is due; time goes on."""
        with self._changed:
            self._due.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Forget what is due and end the clock's thread."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()
        if self._runner is not None and self._runner is not threading.current_thread():
            self._runner.join(_JOIN_SECONDS)

    def _next_before(self, moment: datetime) -> tuple[datetime, Callable[[], None]] | None:
        with self._changed:
            if not self._due or self._due[0][0] > moment:
                return None
            due, _, action = heapq.heappop(self._due)
            return due, action

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > self.now()):
                    self._changed.wait(self._wall_seconds_to_next())
                if self._closed:
                    return
                _, _, action = heapq.heappop(self._due)
            try:
                action()
            except Exception:  # noqa: BLE001 - one failed action must not stop the cloud's time
                _log.exception("an action of the clock failed")

    def _wall_seconds_to_next(self) -> float | None:
        if not self._due:
            return None
        seconds = (self._due[0][0] - self.now()).total_seconds() / self.speed
        return min(max(0.0, seconds), _LONGEST_WAIT_SECONDS)
