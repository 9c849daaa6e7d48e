"""The threads that do slow work after an API call has answered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from local.errors import AwsError

_log = logging.getLogger(__name__)
_JOIN_SECONDS = 10.0


class Workers:
    """Starts named daemon threads and waits for them at the end."""

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @property
    def closing(self) -> bool:
        """Whether the local cloud is stopping, so that what fails now fails for that reason."""
        return self._closing.is_set()

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` on a thread of its own; what it does not catch is logged as a defect of ours.

        Raises AwsError when the cloud is stopping.
        """
        thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        with self._lock:
            if self.closing:
                raise AwsError("InternalFailure", "the local cloud is stopping")
            self._threads.add(thread)
        thread.start()

    def close(self) -> None:
        """Start nothing more."""
        with self._lock:
            self._closing.set()

    def join(self) -> None:
        """Wait for the threads that still run; call it when what they wait for has been ended."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(_JOIN_SECONDS)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - a thread's border: nobody above could catch it
            if not self.closing:
                _log.exception("%s failed", threading.current_thread().name)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
