"""What is known of a table after one pass over its batches."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from monitor.profile import document
from monitor.profile.column import MIXED, Column


@dataclass
class Profile:
    """Name → column, in the order in which they came; mergeable, of bounded size whatever the number of rows."""

    rows: int = 0
    columns: dict[str, Column] = field(default_factory=dict)

    @classmethod
    def of(cls, batches: Iterable[Any], *, leave_out: Collection[str] = (), threads: int = 2) -> Profile:
        """The profile of a stream of `pyarrow.RecordBatch`es, the columns of a batch on `threads` threads.

        Columns in `leave_out` and the reader's own (`_id`, `_time`) are not looked at.
        """
        profile = cls()
        with ThreadPoolExecutor(threads) as pool:
            for batch in batches:
                profile.add(batch, leave_out=leave_out, pool=pool)
        return profile

    def add(self, batch: Any, *, leave_out: Collection[str] = (), pool: ThreadPoolExecutor | None = None) -> None:
        """Take in one batch. A column that it lacks stays `batch.num_rows` behind `rows`: see `absent`."""
        self.rows += batch.num_rows
        work = []
        for field_, values in zip(batch.schema, batch.columns, strict=True):
            if field_.name in leave_out or field_.name in ("_id", "_time"):
                continue
            column = self.columns.setdefault(field_.name, Column())
            work.append((column, values, (field_.metadata or {}).items() >= MIXED.items()))
        for _ in pool.map(_add, work) if pool else map(_add, work):
            pass

    def absent(self, name: str) -> int:
        """The rows in which a column did not occur at all."""
        return self.rows - self.columns[name].rows if name in self.columns else self.rows

    def merge(self, other: Profile) -> None:
        """Take in what `other` knows; `other` stays as it is."""
        self.rows += other.rows
        for name, column in other.columns.items():
            self.columns.setdefault(name, Column()).merge(column)

    def to_json(self) -> dict[str, Any]:
        """A JSON document; bins are made wider where there are many, and the stated error with them."""
        columns = [{"name": name, **document.of(column)} for name, column in self.columns.items()]
        return {"version": 1, "rows": self.rows, "columns": columns}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Profile:
        """The profile of such a document. Raises `ValueError` for another version, `KeyError` for no such document."""
        if given["version"] != 1:
            raise ValueError(f"profile of version {given['version']}: this analyzer reads version 1")
        columns = {column["name"]: document.column(column) for column in given["columns"]}
        return cls(rows=given["rows"], columns=columns)

    def write(self, path: Path) -> None:
        """Write the document, gzipped; the same bytes for the same profile."""
        path.write_bytes(gzip.compress(orjson.dumps(self.to_json()), compresslevel=6, mtime=0))

    @classmethod
    def read(cls, path: Path) -> Profile:
        """The profile that `write` has written."""
        return cls.from_json(orjson.loads(gzip.decompress(path.read_bytes())))


def _add(work: tuple[Column, Any, bool]) -> None:
    column, values, mixed = work
    column.add(values, mixed=mixed)
