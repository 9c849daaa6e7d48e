"""What the tracking servers hold, in tables of the cloud's state: experiments, runs, points of metrics, models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from local.mlflow.errors import missing
from local.state import State, Table

Record = dict[str, Any]
"""Members in MLflow's own names. Records are replaced, never changed in place."""
Point = tuple[float, int, int]
"""A metric's value, when it was logged (milliseconds), and its step."""

_CHUNK: Final = 100
"""Points that are written as one: a table writes whole values, and histories grow."""


class Shelf:
    """The tables of all servers. Whoever reads in order to write does so within `writing`."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state, self._now = state, now
        self._tables: dict[str, Table[Any]] = {
            name: state.table(f"mlflow.{name}") for name in ("experiments", "runs", "points", "models")
        }
        self._lock = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within, nobody else reads or writes, and all changes are kept or none."""
        with self._lock, self._state.together():
            yield

    def now(self) -> int:
        """The cloud's time in milliseconds, as MLflow counts it."""
        return int(self._now().timestamp() * 1000)

    def get(self, table: str, server: str, name: str) -> Record:
        """A record. Raises RESOURCE_DOES_NOT_EXIST."""
        found: Record | None = self._tables[table].get(f"{server}/{name}")
        if found is None:
            what = {"experiments": "No Experiment with id={} exists", "runs": "Run with id={} not found"}
            raise missing(what.get(table, "Logged model with ID '{}' not found.").format(name))
        return found

    def put(self, table: str, server: str, name: str, record: Record) -> Record:
        """Keep a record under a name, in place of the one before."""
        self._tables[table][f"{server}/{name}"] = record
        return record

    def drop(self, table: str, server: str, name: str) -> None:
        """Forget a record. Raises RESOURCE_DOES_NOT_EXIST."""
        self.get(table, server, name)
        del self._tables[table][f"{server}/{name}"]

    def all(self, table: str, server: str) -> list[Record]:
        """Every record of a server, in the order in which they were made."""
        start = f"{server}/"
        with self._lock:
            return [record for key, record in self._tables[table].items() if key.startswith(start)]

    def append(self, server: str, run_id: str, key: str, points: list[Point]) -> None:
        """Add points to the history of a metric."""
        table, last = self._tables["points"], 0
        while f"{server}/{run_id}/{last + 1}/{key}" in table:
            last += 1
        before: list[Point] = table.get(f"{server}/{run_id}/{last}/{key}", [])
        for number, chunk in enumerate(_chunks([*before, *points]), last):
            table[f"{server}/{run_id}/{number}/{key}"] = chunk

    def history(self, server: str, run_id: str, key: str) -> list[Point]:
        """Every point of a metric, in the order in which they were logged."""
        found, number = list[Point](), 0
        with self._lock:
            while chunk := self._tables["points"].get(f"{server}/{run_id}/{number}/{key}"):
                found += chunk
                number += 1
        return found

    def forget(self, server: str) -> None:
        """Drop all that a server holds."""
        start = f"{server}/"
        with self.writing():
            for table in self._tables.values():
                for key in [key for key in table if key.startswith(start)]:
                    del table[key]


def _chunks(points: list[Point]) -> Iterator[list[Point]]:
    for start in range(0, len(points), _CHUNK):
        yield points[start : start + _CHUNK]
