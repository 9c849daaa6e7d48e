"""The applicants of the demo: real people, all of them, or drawn so that the young and the large loans prevail."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.checkout import ROOT

_DATA = ROOT / "pipelines" / "credit_risk" / "data" / "german.csv"
_TARGET = "risk"
_YEARS = 12.0
"""So many years older, and an applicant comes a third (1/e) as often."""
_POWER = 0.7
"""Twice the amount, and an applicant comes 2^0.7 times as often."""


@dataclass(frozen=True)
class Applicants:
    """Who asks for a loan: features as the endpoint takes them, and what will become of each loan (the target)."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    truth: tuple[str, ...]

    @classmethod
    def read(cls, path: Path = _DATA) -> Applicants:
        """Everybody in a file of training data."""
        with path.open(newline="") as file:
            header, *rows = list(csv.reader(file))
        target = header.index(_TARGET)
        return cls(
            header=tuple(_without(header, target)),
            rows=tuple(tuple(_without(row, target)) for row in rows),
            truth=tuple(row[target] for row in rows),
        )

    def shuffled(self, *, seed: int) -> Applicants:
        """The same in another order: a file may be sorted."""
        return self._picked(random.Random(seed).sample(range(len(self.rows)), len(self.rows)))

    def drifted(self, *, many: int, seed: int) -> Applicants:
        """So many of them, nobody twice: the younger and the larger the loan, the likelier.

        Source of the draw: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006).
        """
        age, amount = self.header.index("age"), self.header.index("credit_amount")
        draw = random.Random(seed)
        keys = [
            draw.expovariate(math.exp(-float(row[age]) / _YEARS) * float(row[amount]) ** _POWER) for row in self.rows
        ]
        first = sorted(range(len(self.rows)), key=keys.__getitem__)[:many]
        return self._picked(draw.sample(first, many))

    def _picked(self, numbers: Sequence[int]) -> Applicants:
        rows, truth = tuple(self.rows[each] for each in numbers), tuple(self.truth[each] for each in numbers)
        return Applicants(self.header, rows, truth)


def _without(row: Sequence[str], at: int) -> Sequence[str]:
    return (*row[:at], *row[at + 1 :])
