"""What comes out of `read`: batches of rows, and what had to be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

EXAMPLES: Final = 5


@dataclass
class Skipped:
    """What was left out for one reason."""

    count: int = 0
    examples: list[str] = field(default_factory=list)
    """The first five, each as ``file:line: why``."""


@dataclass
class Skips:
    """Everything that was left out, by reason."""

    reasons: dict[str, Skipped] = field(default_factory=dict)

    def add(self, reason: str, where: str, *, why: str = "", count: int = 1) -> None:
        """Count `count` things left out for `reason`; `where` is ``file`` or ``file:line`` of (the first of) them."""
        skipped = self.reasons.setdefault(reason, Skipped())
        skipped.count += count
        if where and len(skipped.examples) < EXAMPLES:
            skipped.examples.append(f"{where}: {why or reason}")

    def merge(self, other: Skips) -> None:
        """Count what `other` has counted, after the own."""
        for reason, theirs in other.reasons.items():
            skipped = self.reasons.setdefault(reason, Skipped())
            skipped.count += theirs.count
            skipped.examples += theirs.examples[: EXAMPLES - len(skipped.examples)]


@dataclass
class Reading:
    """An iterable of `pyarrow.RecordBatch`es, to be gone through once; the counts are complete when it has ended.

    Batches need not have the same schema: a column may come as numbers in one and as texts in another, or be absent.
    The metadata of a field, `monitor.profile.MIXED`, says that its texts stand for written numbers too.
    """

    stream: Callable[[Reading], Iterator[Any]] = field(repr=False)
    rows: int = 0
    """The rows given so far."""
    skips: Skips = field(default_factory=Skips)

    @property
    def skipped(self) -> dict[str, Skipped]:
        """Reason → what was left out: lines of JSON lines and CSV, records of captures, whole files."""
        return self.skips.reasons

    def __iter__(self) -> Iterator[Any]:
        """The batches; rows are counted as they go."""
        for batch in self.stream(self):
            if batch.num_rows:
                self.rows += batch.num_rows
                yield batch
