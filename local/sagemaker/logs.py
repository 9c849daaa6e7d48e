"""What a child process writes, kept in a file and shipped to CloudWatch Logs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from local.logs import put
from local.roles import Clients, NotAssumable

_log = logging.getLogger(__name__)
_MAX_EVENTS = 1000
_MAX_LINE_BYTES = 200_000


class Log:
    """One log stream, fed from a file that grows; `writer` gives the clients of the role that writes it."""

    def __init__(self, writer: Callable[[], Clients], *, group: str, stream: str, file: Path) -> None:
        self.group, self.stream, self.file = group, stream, file
        self._writer = writer
        self._shipped_bytes = 0
        self._ended = False
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def say(self, line: str) -> None:
        """Add a line of the platform's own."""
        with self.file.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")

    def tail(self, *, lines: int, characters: int) -> str:
        """The end of the log: at most so many lines and characters."""
        return "\n".join(self.text().rstrip().splitlines()[-lines:])[-characters:]

    def text(self) -> str:
        """All of the log; nothing once its file is gone."""
        return self.file.read_text(encoding="utf-8", errors="replace") if self.file.exists() else ""

    def ship(self, *, ended: bool = False) -> None:
        """Send the whole lines that are new to CloudWatch Logs.

        With `ended` also a last one without a newline; the log is complete then, and nothing more is sent.
        """
        with self._lock:
            if self._ended:
                return
            self._ended = ended
            with self.file.open("rb") as source:
                source.seek(self._shipped_bytes)
                fresh = source.read()
            end = len(fresh) if ended else fresh.rfind(b"\n") + 1
            lines = [line[:_MAX_LINE_BYTES] for line in fresh[:end].splitlines() if line.strip()]
            for start in range(0, len(lines), _MAX_EVENTS):
                self._put(lines[start : start + _MAX_EVENTS])
            self._shipped_bytes += end

    def _put(self, lines: list[bytes]) -> None:
        # Wall time: the Logs service refuses events two hours ahead of its own clock, which is never accelerated.
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line.decode("utf-8", errors="replace")} for line in lines]
        try:
            client = self._writer().client("logs")
            put(client, events, logGroupName=self.group, logStreamName=self.stream)
        except (ClientError, NotAssumable) as error:
            # On AWS too a job without the right to write its log runs on, and nobody reads what it says.
            _log.warning("the log %s of %s is lost: %s", self.stream, self.group, error)
