"""What a child process writes, kept in a file and shipped to CloudWatch Logs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from local.logs import put
from local.roles import Clients, NotAssumable

_log = logging.getLogger(__name__)
_MAX_EVENTS = 1000
_MAX_LINE_BYTES = 200_000
_TAIL_BYTES = 65_536
_ONCE_BYTES = 4_000_000
"""What is read of a log at once; of one that grows faster, the rest is left out."""
_FILE_BYTES = 32_000_000
"""A log file that has grown larger begins anew: no program fills the disk by printing."""
_STREAM_BYTES = 16_000_000
"""What CloudWatch Logs gets of one program, since it keeps all of it in memory."""


def _unheard(lines: Sequence[str]) -> None:
    """Nobody listens."""


class Log:
    """One log stream, fed from a file that grows.

    `writer` gives the clients of the role that writes it; `heard` is told of new lines as they are shipped.
    """

    def __init__(
        self,
        writer: Callable[[], Clients],
        *,
        group: str,
        stream: str,
        file: Path,
        heard: Callable[[Sequence[str]], None] = _unheard,
    ) -> None:
        self.group, self.stream, self.file = group, stream, file
        self._writer, self._heard = writer, heard
        self._read_bytes = self._shipped_bytes = 0
        self._said: set[str] = set()
        self._before = b""  # the end of what stood in the file before it began anew
        self._ended = self._full = False
        self._fresh_stream = True
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def say(self, line: str) -> None:
        """Add a line of the platform's own, which `tail` does not tell."""
        self._said.add(line)
        with self.file.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")

    def tail(self, *, lines: int, characters: int) -> str:
        """The end of the log: at most so many lines and characters; nothing once its file is gone."""
        end = (self._before + self._end()).decode("utf-8", errors="replace")
        told = [line for line in end.rstrip().splitlines() if line not in self._said]
        return "\n".join(told[-lines:])[-characters:]

    def ship(self, *, ended: bool = False) -> None:
        """Send the whole lines that are new to CloudWatch Logs, as far as there is room for them.

        With `ended` also a last one without a newline; the log is complete then, and nothing more is sent.
        """
        with self._lock:
            if self._ended:
                return
            self._ended = ended
            fresh, left_out = self._fresh(ended=ended)
            lines = [line[:_MAX_LINE_BYTES] for line in fresh.splitlines() if line.strip()]
            texts = [line.decode("utf-8", errors="replace") for line in lines]
            if left_out:
                texts.append(f"{left_out} bytes are left out here: the program writes more than can be kept.")
            if texts:
                self._heard(texts)
                self._ship(texts, size=len(fresh))

    def _fresh(self, *, ended: bool) -> tuple[bytes, int]:
        """New lines, and how many bytes behind them are passed over."""
        size = self.file.stat().st_size
        with self.file.open("rb") as source:
            source.seek(self._read_bytes)
            fresh = source.read(_ONCE_BYTES)
        left_out = size - self._read_bytes - len(fresh)
        if left_out > 0:
            self._read_bytes = size
        else:
            fresh = fresh if ended else fresh[: fresh.rfind(b"\n") + 1]
            self._read_bytes += len(fresh)
        if size > _FILE_BYTES:
            self._before, self._read_bytes = self._end(), 0
            with self.file.open("r+b") as file:
                file.truncate()  # programs append: they go on at the beginning
        return fresh, max(left_out, 0)

    def _end(self) -> bytes:
        if not self.file.exists():
            return b""
        with self.file.open("rb") as source:
            source.seek(max(0, self.file.stat().st_size - _TAIL_BYTES))
            return source.read(_TAIL_BYTES)

    def _ship(self, texts: list[str], *, size: int) -> None:
        if self._full:
            return
        self._shipped_bytes += size
        if self._shipped_bytes > _STREAM_BYTES:
            self._full = True
            texts = [f"The log is longer than {_STREAM_BYTES} bytes: the rest of it is not kept. Print less."]
        for start in range(0, len(texts), _MAX_EVENTS):
            self._put(texts[start : start + _MAX_EVENTS])

    def _put(self, texts: Sequence[str]) -> None:
        # Wall time: the Logs service refuses events two hours ahead of its own clock, which is never accelerated.
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": text} for text in texts]
        try:
            client = self._writer().client("logs")
            put(client, events, group=self.group, stream=self.stream, fresh=self._fresh_stream)
            self._fresh_stream = False
        except (ClientError, NotAssumable) as error:
            # On AWS too a job without the right to write its log runs on, and nobody reads what it says.
            _log.warning("the log %s of %s is lost: %s", self.stream, self.group, error)
