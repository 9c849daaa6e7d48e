"""Applicants who ask the endpoint one by one, all the while, and a count of every answer."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from cli.connection import Connection
from cli.demo.scoring import as_csv
from env import naming

_THREADS = 4
_ANSWERED = "200"


class Traffic:
    """Requests of one row each, at a steady rate, from several threads. A context manager: leaving it ends them.

    A request that fails is not repeated: each is sent once and counted once. Each has an inference id of its own,
    `<name>-<number>`; number n asks for row n, from the first again after the last.
    """

    def __init__(
        self, connection: Connection, model: str, *, rows: Sequence[Sequence[str]], per_second: float, name: str
    ) -> None:
        self._endpoint = naming.endpoint(connection.stage, model)
        self._runtime = connection.client("sagemaker-runtime", attempts=1)
        self._bodies = [as_csv([row]) for row in rows]
        self._every = _THREADS / per_second
        self._name = name
        self._counts: Counter[str] = Counter()
        self._answered: list[int] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(number,), name=f"applicants-{number}", daemon=True)
            for number in range(_THREADS)
        ]

    def counts(self) -> Counter[str]:
        """How many requests were answered by which status; what is no HTTP status of the model is an error's code."""
        with self._lock:
            return self._counts.copy()

    @property
    def sent(self) -> int:
        """How many requests were answered in any way."""
        return self.counts().total()

    @property
    def failed(self) -> int:
        """How many requests did not get a prediction."""
        counts = self.counts()
        return counts.total() - counts[_ANSWERED]

    def answered(self) -> list[int]:
        """The numbers of the requests that got a prediction, in the order of their answers."""
        with self._lock:
            return self._answered.copy()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Send nothing more, and wait for the answers to what was sent."""
        self._ended.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _ask(self, number: int) -> None:
        begun = time.monotonic() + number * self._every / _THREADS
        for turn, asked in enumerate(itertools.count(number, _THREADS)):
            if self._ended.wait(max(0.0, begun + turn * self._every - time.monotonic())):
                return
            status = self._status(asked)
            with self._lock:
                self._counts[status] += 1
                if status == _ANSWERED:
                    self._answered.append(asked)

    def _status(self, asked: int) -> str:
        body = self._bodies[asked % len(self._bodies)]
        request: dict[str, Any] = {"Body": body, "ContentType": "text/csv", "Accept": "text/csv"}
        try:
            self._runtime.invoke_endpoint(EndpointName=self._endpoint, InferenceId=f"{self._name}-{asked}", **request)[
                "Body"
            ].read()
        except ClientError as error:
            return str(error.response.get("OriginalStatusCode", error.response["Error"]["Code"]))
        except BotoCoreError as error:
            return type(error).__name__
        return _ANSWERED
