"""The file under `--state`: one SQLite database, one process that has it open, and what it says of its origin."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from local.errors import StartError, StateError

_FILE: Final = "cloud.sqlite3"
_ANYBODYS: Final = {"lost+found", ".DS_Store"}
_NOT_OURS: Final = "not a database"  # SQLite's words
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, family TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (family, name)
);
CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, request BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (number INTEGER PRIMARY KEY, pickled BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS bodies (digest BLOB PRIMARY KEY, body BLOB NOT NULL);
"""


class Database:
    """What is written is there after the process was killed, though not after the machine lost its power.

    Threads may share it. Raises StartError for a folder that cannot be used, or that another process uses.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self._depth = 0
        self._now: Callable[[], datetime] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _check_free(folder)
            self._connection = _connected(folder / _FILE)
        except (OSError, sqlite3.Error) as error:
            raise StartError(_refusal(folder, error)) from error

    def expect(self, facts: Mapping[str, str]) -> None:
        """Remember facts such as the region, or compare them with what is remembered. Raises StartError."""
        for name, value in facts.items():
            known = self.fact(name, value)
            if known != value:
                remedy = "start it as it was, or name an empty folder"
                raise StartError(f"the state in {self.folder} is of {name} {known}, not {value}: {remedy}")

    def fact(self, name: str, first: str) -> str:
        """What is remembered by that name, which is `first` when nothing is yet."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, first))
        return str(self.rows("SELECT value FROM facts WHERE name = ?", (name,))[0][0])

    def tell_time_by(self, now: Callable[[], datetime]) -> None:
        """Stamp what is written from now on with the cloud's own time."""
        self._now = now

    def last_time(self) -> datetime | None:
        """The cloud's time of the last write; None when nothing was ever written."""
        found = self.rows("SELECT value FROM facts WHERE name = 'time'")
        return datetime.fromisoformat(found[0][0]) if found else None

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises StateError when the file is damaged."""
        with self.lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StateError(f"what is kept in {self.folder} cannot be read: {error}") from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, committed at its end; inside of another, a part of it.

        Raises StateError, with nothing written, when that is not possible.
        """
        with self.lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._connection.execute("BEGIN")
                yield self._connection
                if self._depth == 1:
                    self._stamp()
                    self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._undo()
                raise StateError(f"nothing more can be kept in {self.folder}: {error}") from error
            except BaseException:
                self._undo()
                raise
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Let another process have it."""
        with self.lock:
            self._connection.close()

    def _stamp(self) -> None:
        if self._now is not None:
            stamp = ("time", self._now().isoformat())
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", stamp)

    def _undo(self) -> None:
        # SQLite has undone it itself when the disk is full, or there is nothing to undo any more.
        with contextlib.suppress(sqlite3.ProgrammingError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _check_free(folder: Path) -> None:
    """Raise StartError for a folder of somebody else's, in which a cloud would tidy up as in its own."""
    others = {path.name for path in folder.iterdir()} - _ANYBODYS
    if others and _FILE not in others:
        raise StartError(f"{folder} holds other files, such as {min(others)}: name an empty folder with --state")


def _connected(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "facts" not in tables:
            raise sqlite3.DatabaseError(f"{_NOT_OURS}: it has other tables")
        # Exclusive: a second process is told so at once. The log's writes are the kernel's when a commit returns.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript("BEGIN EXCLUSIVE;" + _SCHEMA + "COMMIT;")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _refusal(folder: Path, error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return f"another local cloud keeps its state in {folder}: stop it, or name another folder with --state"
    if isinstance(error, sqlite3.DatabaseError) and _NOT_OURS in str(error):
        return f"{folder / _FILE} is not a state of the local cloud: name another folder with --state"
    return f"no state can be kept in {folder}: {error}"
