"""What a window has seen: captured requests, read once, and what each monitor needs of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from monitor.files import PREDICTION
from monitor.profile import Profile
from monitor.reading import read
from monitor.running.window import Window

_OURS: Final = ("_id", "_time", "label")
"""Columns that the reader adds: no feature of the model."""
_SCHEMA: Final = pa.schema([("_id", pa.string()), (PREDICTION, pa.float64())])


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A window as it was captured.

    ``profile`` holds all columns, as distributions; ``table`` of each request ``_id``, ``_time``, ``prediction`` and
    the columns that were asked for.
    """

    profile: Profile
    table: pa.Table
    skipped: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)


def witness(
    paths: Sequence[Path], window: Window, *, columns: Sequence[str], kept: Iterable[str] | None = None
) -> Seen:
    """Read captured requests once: distributions of all columns, and the columns ``kept`` row by row; None: all."""
    reading = read(paths, format="capture", columns=list(columns), start=window.start, end=window.end, identity=True)
    wanted = None if kept is None else {"_id", "_time", PREDICTION, *kept}
    profile, tables = Profile(), []
    for batch in reading:
        profile.add(batch, leave_out=_OURS)
        names = [name for name in batch.schema.names if wanted is None or name in wanted]
        tables.append(pa.Table.from_batches([batch]).select(names))
    table = together(tables) if tables else _SCHEMA.empty_table()
    return Seen(
        profile=profile,
        table=table,
        skipped={reason: skip.count for reason, skip in reading.skipped.items()},
        examples={reason: tuple(skip.examples) for reason, skip in reading.skipped.items()},
    )


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables below each other; a column that is of numbers here and of texts there is of texts."""
    kinds: dict[str, set[pa.DataType]] = defaultdict(set)
    plain = [_plain(table) for table in tables]
    for table in plain:
        for column in table.schema:
            kinds[column.name].add(column.type)
    mixed = {name for name, found in kinds.items() if _mixed(found)}
    return pa.concat_tables([_texts(table, mixed) for table in plain], promote_options="permissive")


def _plain(table: pa.Table) -> pa.Table:
    """The same with values in the place of references to them."""
    schema = pa.schema(
        [(each.name, each.type.value_type if pa.types.is_dictionary(each.type) else each.type) for each in table.schema]
    )
    return table.cast(schema)


def _mixed(found: set[pa.DataType]) -> bool:
    numeric = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in found if not pa.types.is_null(kind)]
    return len(numeric) > 1 and not all(numeric)


def _texts(table: pa.Table, names: set[str]) -> pa.Table:
    kinds = [(each.name, pa.string() if each.name in names else each.type) for each in table.schema]
    return table.cast(pa.schema(kinds))
