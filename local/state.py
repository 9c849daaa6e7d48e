"""What of the local cloud outlives its process: tables in memory, written through to a file where one is named."""

from __future__ import annotations

import contextlib
import pickle
import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar, cast

from local.database import Database
from local.errors import StartError, StateError

__all__ = ["State", "StateError", "Table"]

V = TypeVar("V")


class _Keeper(Protocol):
    @property
    def lock(self) -> contextlib.AbstractContextManager[Any]: ...

    def read(self, table: str) -> dict[str, Any]: ...

    def write(self, table: str, key: str, value: Any) -> None: ...

    def drop(self, table: str, key: str) -> None: ...

    def clear(self) -> None: ...

    def together(self) -> contextlib.AbstractContextManager[None]: ...

    def undo_by(self, undo: Callable[[], None]) -> None: ...


class Table(MutableMapping[str, V]):
    """A dict that is kept: in the order of insertion, each change written before it shows.

    Values are plain data or dataclasses that can be pickled: no locks, threads, clients or functions. What two values
    share they share no more after a restart. A change raises StateError, and nothing has changed, when the disk is
    full. As with a dict, who iterates while others write takes a list first; a value must not change while it is
    written, which the lock of its owner sees to.
    """

    def __init__(self, name: str, keeper: _Keeper) -> None:
        self.name = name
        self._keeper = keeper
        # The one of all tables: whoever changes several of them holds it already.
        self._lock = keeper.lock
        self._entries: dict[str, V] = keeper.read(name)

    def changed(self, key: str) -> None:
        """Write a value again that was changed in place. Raises KeyError; StateError leaves the change in memory."""
        with self._lock:
            self._keeper.write(self.name, key, self._entries[key])

    def forget(self) -> None:
        """Hold nothing, in memory alone: for the state, which has emptied the file."""
        with self._lock:
            self._entries.clear()

    def __getitem__(self, key: str) -> V:
        return self._entries[key]

    def __setitem__(self, key: str, value: V) -> None:
        with self._lock:
            self._keeper.write(self.name, key, value)
            self._keeper.undo_by(self._restoring(key))
            self._entries[key] = value

    def __delitem__(self, key: str) -> None:
        with self._lock:
            if key not in self._entries:
                raise KeyError(key)
            self._keeper.drop(self.name, key)
            self._keeper.undo_by(self._restoring(key))
            del self._entries[key]

    def _restoring(self, key: str) -> Callable[[], None]:
        was_there, value = key in self._entries, self._entries.get(key)

        def restore() -> None:
            if was_there:
                self._entries[key] = cast(V, value)
            else:
                self._entries.pop(key, None)

        return restore

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def keys(self) -> KeysView[str]:
        """As a dict's; this and the next two are faster than what MutableMapping makes of `__getitem__`."""
        return self._entries.keys()

    def values(self) -> ValuesView[V]:
        """As a dict's."""
        return self._entries.values()

    def items(self) -> ItemsView[str, V]:
        """As a dict's."""
        return self._entries.items()


class State:
    """The tables of all parts, by name: `<family>.<what>`, such as `events.rules`. Made by `in_memory` or `at`."""

    def __init__(self, keeper: _Keeper, database: Database | None = None) -> None:
        self.database = database
        self.folder = database.folder if database else None
        self._keeper = keeper
        self._tables: dict[str, Table[Any]] = {}
        self._dumps: dict[str, Callable[[], bytes]] = {}
        self._left: dict[str, bytes] = {}
        # The tables' own, which whoever asks for a table in the midst of changes holds already.
        self._lock = keeper.lock

    @classmethod
    def in_memory(cls) -> Self:
        """A state that ends with the process and costs nothing."""
        return cls(_Forgetful())

    @classmethod
    def at(cls, folder: Path, *, facts: Mapping[str, str] | None = None) -> Self:
        """The state in a folder, which is made when it is not there; it survives `kill -9`.

        `facts`, such as the region, must be those of the first time. Raises StartError for another region's, for what
        is no state, and while another process uses the folder. Only folders that one trusts: values are unpickled.
        """
        database = Database(folder)
        try:
            database.expect(facts or {})
        except StartError:
            database.close()
            raise
        return cls(_Keeping(database), database)

    def table(self, name: str) -> Table[Any]:
        """The table of that name, the same one each time. Raises StartError when what is kept cannot be read."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = Table(name, self._keeper)
            return self._tables[name]

    def together(self) -> contextlib.AbstractContextManager[None]:
        """Within, changes of tables are one: all are kept or, when an error leaves the block, none is, nor in memory.

        Nobody else writes meanwhile: no calls to others, no waiting.
        """
        return self._keeper.together()

    def clear(self) -> None:
        """Empty every table, those too that nobody has asked for yet."""
        with self._lock:
            self._keeper.clear()
            for table in self._tables.values():
                table.forget()

    def dump(self) -> bytes:
        """What all tables hold that somebody has asked for, and what parts hold elsewhere."""
        with self._lock:
            tables = {name: dict(table) for name, table in self._tables.items()}
            return pickle.dumps((tables, {name: dump() for name, dump in self._dumps.items()}))

    def load(self, dumped: bytes) -> None:
        """Hold what was dumped, and nothing else; parts that are made next find what is `left` for them."""
        tables, left = pickle.loads(dumped)
        self.clear()
        for name, entries in tables.items():
            self.table(name).update(entries)
        self._left = left

    def on_dump(self, name: str, dump: Callable[[], bytes]) -> None:
        """Have `dump` asked for what a part keeps outside of tables; another of that name takes its place."""
        self._dumps[name] = dump

    def left(self, name: str) -> bytes | None:
        """What was dumped by that name, once after it was loaded."""
        return self._left.pop(name, None)

    def tell_time_by(self, now: Callable[[], datetime]) -> None:
        """Stamp what is written with the cloud's time, so that the next start does not begin before it."""
        if self.database is not None:
            self.database.tell_time_by(now)

    def last_time(self) -> datetime | None:
        """The cloud's time at the last write; None for a new state."""
        return self.database.last_time() if self.database is not None else None

    def close(self) -> None:
        """Let another process have the folder; nothing can be written any more."""
        if self.database is not None:
            self.database.close()


class _Undoing:
    """Undoes in memory the changes of a block that an error leaves."""

    def __init__(self, lock: contextlib.AbstractContextManager[Any]) -> None:
        self.lock = lock
        self._undoing: list[Callable[[], None]] | None = None

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        with self.lock:
            if self._undoing is not None:
                yield
                return
            undoing = self._undoing = []
            try:
                with self._writing():
                    yield
            except BaseException:
                for undo in reversed(undoing):
                    undo()
                raise
            finally:
                self._undoing = None

    def undo_by(self, undo: Callable[[], None]) -> None:
        if self._undoing is not None:
            self._undoing.append(undo)

    def _writing(self) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext()


class _Forgetful(_Undoing):
    def __init__(self) -> None:
        super().__init__(threading.RLock())

    def read(self, table: str) -> dict[str, Any]:
        return {}

    def write(self, table: str, key: str, value: Any) -> None:
        """Memory is all there is."""

    def drop(self, table: str, key: str) -> None:
        """Memory is all there is."""

    def clear(self) -> None:
        """Memory is all there is."""


class _Keeping(_Undoing):
    def __init__(self, database: Database) -> None:
        super().__init__(database.lock)
        self._database = database

    def read(self, table: str) -> dict[str, Any]:
        rows = self._database.rows("SELECT name, value FROM entries WHERE family = ? ORDER BY number", (table,))
        try:
            return {key: pickle.loads(value) for key, value in rows}
        except Exception as error:  # a class that has changed raises whatever it likes
            folder = self._database.folder
            raise StartError(f"the state in {folder} is of another version: {table} cannot be read: {error}") from error

    def write(self, table: str, key: str, value: Any) -> None:
        kept = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO entries (family, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (family, name) DO UPDATE SET value = excluded.value",
                (table, key, kept),
            )

    def drop(self, table: str, key: str) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM entries WHERE family = ? AND name = ?", (table, key))

    def clear(self) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM entries")

    def _writing(self) -> contextlib.AbstractContextManager[Any]:
        return self._database.writing()
