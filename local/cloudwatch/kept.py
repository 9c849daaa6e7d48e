"""Metric data that outlive the process: each request as it comes, and the data of each hour when there are many.

Nothing of it is done for a cloud without a folder.
"""

from __future__ import annotations

import hashlib
import pickle
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from local.cloudwatch.metrics import KEPT_SECONDS, Metric, Metrics, Piece
from local.database import Database
from local.state import State

HOUR_SECONDS: Final = 3_600
_DATA: Final = "cloudwatch.metrics"
_REQUESTS: Final = "cloudwatch.requests"
_HOURS: Final = "cloudwatch.hours"
_REQUESTS_PER_FOLD: Final = 2_000

Data = Sequence[Mapping[str, Any]]


class KeptMetrics:
    """Puts data into `metrics` and sees that a later process finds them there.

    A request is written down before its data count. After many requests the hours that they fell into are written, in
    one transaction that forgets the requests.
    """

    def __init__(self, state: State, metrics: Metrics) -> None:
        self._metrics, self._database = metrics, state.database
        self._number = 0
        self._touched: set[tuple[Metric, int]] = set()
        self._lock = threading.Lock()
        state.on_dump(_DATA, metrics.dump)
        if left := state.left(_DATA):
            metrics.load(left)
            self._write_all()
        elif self._database:
            self._read(self._database)

    def put(self, namespace: str, data: Data, *, now: datetime) -> None:
        """Add data in PutMetricData's shape. Raises StateError, having added nothing, when they cannot be kept."""
        with self._lock:
            if self._database is not None:
                self._note(self._database, namespace, data, now=now)
            self._put(namespace, data, now=now)

    def _put(self, namespace: str, data: Data, *, now: datetime) -> None:
        for datum in data:
            metric, at = Metric.of(datum, namespace=namespace), datum.get("Timestamp", now)
            self._metrics.put(metric, datum, at=at)
            if self._database is not None:
                self._touched.add((metric, int(at.timestamp()) // HOUR_SECONDS))

    def _note(self, database: Database, namespace: str, data: Data, *, now: datetime) -> None:
        if self._number >= _REQUESTS_PER_FOLD:
            self._fold(database)
        pickled = pickle.dumps((namespace, data, now), pickle.HIGHEST_PROTOCOL)
        with database.writing() as connection:
            _insert(connection, _REQUESTS, str(self._number), pickled)
        self._number += 1

    def _fold(self, database: Database) -> None:
        oldest = max((hour for _, hour in self._touched), default=0) - KEPT_SECONDS // HOUR_SECONDS
        with database.writing() as connection:
            for metric, hour in self._touched:
                piece = self._metrics.piece(metric, hour * HOUR_SECONDS, (hour + 1) * HOUR_SECONDS)
                _insert(connection, _HOURS, _key(metric, hour), pickle.dumps(piece, pickle.HIGHEST_PROTOCOL))
            connection.execute("DELETE FROM entries WHERE family = ?", (_REQUESTS,))
            connection.execute("DELETE FROM entries WHERE family = ? AND name < ?", (_HOURS, f"{oldest:08d}"))
        self._touched.clear()
        self._number = 0

    def _read(self, database: Database) -> None:
        for (pickled,) in database.rows("SELECT value FROM entries WHERE family = ?", (_HOURS,)):
            self._metrics.add(pickle.loads(pickled))
        requests = database.rows("SELECT value FROM entries WHERE family = ? ORDER BY number", (_REQUESTS,))
        for (pickled,) in requests:
            namespace, data, now = pickle.loads(pickled)
            self._put(namespace, data, now=now)
        self._number = len(requests)

    def _write_all(self) -> None:
        if self._database is not None:
            self._touched = {(metric, hour) for metric in self._metrics.listed() for hour in self._hours(metric)}
            self._fold(self._database)

    def _hours(self, metric: Metric) -> set[int]:
        piece: Piece = self._metrics.piece(metric, 0, 1 << 40)
        slots = (*piece.minutes.values(), *piece.seconds.values())
        return {second // HOUR_SECONDS for buckets in slots for second in buckets}


def _key(metric: Metric, hour: int) -> str:
    named = repr((metric.namespace, metric.name, sorted(metric.dimensions)))
    return f"{hour:08d}/{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _insert(connection: sqlite3.Connection, family: str, name: str, value: bytes) -> None:
    connection.execute(
        "INSERT INTO entries (family, name, value) VALUES (?, ?, ?)"
        " ON CONFLICT (family, name) DO UPDATE SET value = excluded.value",
        (family, name, value),
    )
