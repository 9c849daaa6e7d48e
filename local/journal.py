"""moto's services under `--state`: each request that may change them is written down before it is run, to be run again.

When running all of them again would take long, the services' own state is written down instead and the journal begins
anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import pickle
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from local.database import Database
from local.errors import SnapshotError, StateError
from local.moto import snapshot
from local.moto.steady import moment, steady_backends
from local.requests import Asked
from local.wire import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_LONG_BODY: Final = 65_536
_LEAST_REPLAY_SECONDS: Final = 1.0
_REPLAY_PER_SNAPSHOT: Final = 10
"""Writing a snapshot may take a tenth of the time of the requests that it spares the next start."""
_PROVEN: Final = frozenset(
    [
        "dynamodb",
        "dynamodbstreams",
        "ecr",
        "iam",
        "kms",
        "logs",
        "s3",
        "s3control",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "stepfunctions",
        "sts",
    ]
)
"""Services of which requests run again give the same ids, times and contents; after any other's, a snapshot is made."""
_SYMMETRIC: Final = ("SYMMETRIC_DEFAULT", "HMAC")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    """A request and the instant and the chance that moto saw; a long body lies apart, under its digest."""

    at: datetime
    seed: int
    environ: dict[str, Any]
    body: bytes
    digest: bytes | None


class Journal:
    """Runs requests to moto one at a time, since moto has no locks, and can do it again after a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._replay_seconds = 0.0
        self._snapshot_seconds = 0.0
        self._birth = datetime.fromisoformat(database.fact("birth", datetime.now(UTC).isoformat()))
        self._last = self._birth

    def run(self, asked: Asked, environ: WSGIEnvironment, app: WSGIApplication) -> Reply:
        """The answer of `app`. Raises StateError, having asked nothing of it, when nothing can be written."""
        with self._lock:
            if not asked.mutates:
                return Reply.of(app, environ)
            entry, body = self._entry(environ)
            self._write(entry, body)
            began = time.perf_counter()
            reply = _run(entry, environ, app)
            self._replay_seconds += time.perf_counter() - began
            if not _runs_alike(asked):
                self._compact()
            elif self._replay_seconds > self._bearable():
                self._shorten()
            return reply

    def replay(self, app: WSGIApplication) -> int:
        """Bring moto to where it was, before anything is asked of it; how many requests were run again."""
        steady_backends(self._birth)
        began = time.perf_counter()
        with self._lock:
            self._load()
            entries = self._database.rows("SELECT request FROM journal ORDER BY number")
            for (request,) in entries:
                entry: _Entry = pickle.loads(request)
                body = self._body(entry.digest) if entry.digest else entry.body
                self._last = entry.at
                with contextlib.suppress(Exception):  # what failed in moto then fails again
                    _run(entry, entry.environ | {"wsgi.input": io.BytesIO(body)}, app, again=True)
        self._replay_seconds = time.perf_counter() - began if entries else 0.0
        return len(entries)

    def compact(self) -> None:
        """Write down what moto holds, so that the next start has nothing to run again. Raises StateError."""
        with self._lock:
            self._compact()

    def _entry(self, environ: WSGIEnvironment) -> tuple[_Entry, bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        # Time does not go back, whatever the machine's does.
        self._last = max(self._last, datetime.now(UTC))
        digest = hashlib.sha256(body).digest() if len(body) >= _LONG_BODY else None
        kept = {name: value for name, value in environ.items() if name.isupper() and isinstance(value, str)}
        kept |= {name: environ[name] for name in _ALSO_KEPT if name in environ}
        seed = int.from_bytes(os.urandom(8), "big")
        return _Entry(self._last, seed, kept, b"" if digest else body, digest), body

    def _write(self, entry: _Entry, body: bytes) -> None:
        with self._database.writing() as connection:
            if entry.digest:
                _Bodies(connection).keep(entry.digest, body)
            connection.execute("INSERT INTO journal (request) VALUES (?)", (pickle.dumps(entry),))

    def _shorten(self) -> None:
        # The request is done and written down: that the journal stays long is no failure of its.
        try:
            self._compact()
        except StateError as error:
            _log.warning("the next start takes longer: %s", error)
            self._snapshot_seconds = max(self._snapshot_seconds, self._replay_seconds)

    def _load(self) -> None:
        with self._database.writing() as connection:
            for (pickled,) in connection.execute("SELECT pickled FROM snapshots").fetchall():
                snapshot.load(pickled, _Bodies(connection))

    def _body(self, digest: bytes) -> bytes:
        with self._database.writing() as connection:
            return _Bodies(connection).body(digest)

    def _bearable(self) -> float:
        return max(_LEAST_REPLAY_SECONDS, _REPLAY_PER_SNAPSHOT * self._snapshot_seconds)

    def _compact(self) -> None:
        began = time.perf_counter()
        try:
            with self._database.writing() as connection:
                made = snapshot.dump(_Bodies(connection))
                connection.execute("INSERT OR REPLACE INTO snapshots VALUES (1, ?)", (made.pickled,))
                connection.execute("DELETE FROM journal")
                _keep_only(connection, made.digests)
        except SnapshotError as error:
            _log.warning("the next start runs all requests to moto again: %s", error)
            self._snapshot_seconds = max(self._snapshot_seconds, self._replay_seconds)
            return
        self._replay_seconds = 0.0
        self._snapshot_seconds = time.perf_counter() - began


_ALSO_KEPT: Final = ("wsgi.url_scheme", "moto.preserved_header_names")


class _Bodies:
    """The table of long byte strings."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, digest: bytes, body: bytes) -> None:
        self._connection.execute("INSERT OR IGNORE INTO bodies VALUES (?, ?)", (digest, body))

    def body(self, digest: bytes) -> bytes:
        found = self._connection.execute("SELECT body FROM bodies WHERE digest = ?", (digest,)).fetchone()
        return bytes(found[0])


def _keep_only(connection: sqlite3.Connection, digests: frozenset[bytes]) -> None:
    for (digest,) in connection.execute("SELECT digest FROM bodies").fetchall():
        if digest not in digests:
            connection.execute("DELETE FROM bodies WHERE digest = ?", (digest,))


def _run(entry: _Entry, environ: Mapping[str, Any], app: WSGIApplication, *, again: bool = False) -> Reply:
    with moment(entry.at, entry.seed, again=again):
        return Reply.of(app, dict(environ))


def _runs_alike(asked: Asked) -> bool:
    if (asked.service, asked.operation) == ("kms", "CreateKey"):
        # A pair of keys is made by OpenSSL, by chance.
        spec = asked.params.get("KeySpec") or asked.params.get("CustomerMasterKeySpec") or _SYMMETRIC[0]
        return str(spec).startswith(_SYMMETRIC)
    return asked.service in _PROVEN
