"""Puts requests and answers together that were captured apart, as where the inference code masks requests itself."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.reading.reading import Skips
from monitor.reading.records import Records

MOST_WAITING: Final = 100_000
_REQUEST: Final = ("input", "input_encoding", "input_type")
_WITHOUT: Final = {"input": "a request without an answer", "output": "an answer without its request"}

Row = dict[str, str | None]


@dataclass
class Pairs:
    """Halves of records that wait for their other half, the oldest first."""

    waiting: OrderedDict[str, tuple[Row, str]] = field(default_factory=OrderedDict)

    def matched(self, halves: Records, skips: Skips) -> list[Row]:
        """The records that are whole now; the others wait."""
        whole = []
        for row, line in zip(halves.table.to_pylist(), halves.lines.tolist(), strict=True):
            name = row["inference_id"] or row["event_id"]
            where = halves.block.where(line)
            other = self.waiting.get(name) if name else None
            if other is None or (other[0]["input"] is None) == (row["input"] is None):
                self._wait(name, row, where, skips)
            else:
                del self.waiting[name]
                whole.append(_together(row, other[0]))
        return whole

    def _wait(self, name: str | None, row: Row, where: str, skips: Skips) -> None:
        if not name or name in self.waiting:
            _count(row, where, skips)
            return
        self.waiting[name] = (row, where)
        if len(self.waiting) > MOST_WAITING:
            _, oldest = self.waiting.popitem(last=False)
            _count(*oldest, skips)

    def give_up(self, skips: Skips) -> None:
        """Count those that wait in vain."""
        for row, where in self.waiting.values():
            _count(row, where, skips)
        self.waiting.clear()


def _together(first: Row, second: Row) -> Row:
    request, answer = (first, second) if first["input"] is not None else (second, first)
    return {**answer, **{name: request[name] for name in _REQUEST}}


def _count(row: dict[str, Any], where: str, skips: Skips) -> None:
    skips.add(_WITHOUT["output" if row["input"] is None else "input"], where)
