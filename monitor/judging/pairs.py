"""One feature of the baseline beside the same of the window: counts of both over the same values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from monitor.files.constraints import NUMERIC, FeatureConstraints
from monitor.files.statistics import categories, rows_of
from monitor.judging.baseline import Baseline
from monitor.measures.distances import aligned
from monitor.profile import Column, Profile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

OTHERS: Final = "(all others)"
_NO_COUNTS: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What is compared. `window` and `baseline` count the same `points` (numeric, ascending) or `values` (others)."""

    name: str
    numeric: bool
    before: Column
    now: Column
    rows_before: int
    rows: int
    there: bool
    """Whether the window has the column at all."""
    error: float
    """How far the baseline's shares may be from the truth, if it is a sketch of AWS's."""
    points: Floats = field(default_factory=lambda: np.zeros(0))
    values: tuple[str, ...] = ()
    window: Counts = field(default_factory=lambda: _NO_COUNTS)
    baseline: Counts = field(default_factory=lambda: _NO_COUNTS)

    @property
    def present(self) -> int:
        """Rows of the window with a value; NaN is none."""
        return self.now.present - self.now.numbers.nan

    @property
    def present_before(self) -> int:
        """The same of the baseline."""
        return self.before.present - self.before.numbers.nan

    @property
    def exact(self) -> bool:
        """Whether all values of both sides are listed."""
        return OTHERS not in self.values

    @property
    def below(self) -> int:
        """Values of the window that are less than the baseline's least for sure."""
        before = self.before.numbers
        if not before.count or not self.now.numbers.count or self.now.numbers.min >= before.min:
            return 0
        # In bins, values beside the least are in its bin; a sketch may lack the least itself.
        end = min(int(np.flatnonzero(self.baseline)[0]), int(np.searchsorted(self.points, before.min)))
        return int(self.window[:end].sum())

    @property
    def above(self) -> int:
        """Values of the window that are more than the baseline's largest for sure; infinities are."""
        before, infinite = self.before.numbers, self.now.numbers.infinite
        if not before.count or not self.now.numbers.count or self.now.numbers.max <= before.max:
            return infinite
        start = max(int(np.flatnonzero(self.baseline)[-1]) + 1, int(np.searchsorted(self.points, before.max, "right")))
        return int(self.window[start:].sum()) + infinite

    @property
    def negative(self) -> int:
        """Values of the window below zero."""
        return int(self.window[self.points < 0].sum())

    @property
    def negative_before(self) -> int:
        """The same of the baseline."""
        return int(self.baseline[self.points < 0].sum())


def pair(own: FeatureConstraints, baseline: Baseline, current: Profile) -> Pair:
    """A feature of the baseline beside the window's, which may lack it."""
    name = own.name
    before = baseline.profile.columns.get(name, Column())
    now = current.columns.get(name, Column())
    shown: dict[str, Any] = {
        "name": name,
        "before": before,
        "now": now,
        "rows_before": rows_of(baseline.profile, name),
        "rows": current.rows,
        "there": now.rows > 0,
        "error": baseline.errors.get(name, 0.0),
    }
    if own.inferred_type in NUMERIC:
        points, known, window = aligned(before.numbers, now.numbers)
        return Pair(numeric=True, points=points, window=window, baseline=known, **shown)
    values, window, known = _categories(now, before)
    return Pair(numeric=False, values=values, window=window, baseline=known, **shown)


def _categories(now: Column, before: Column) -> tuple[tuple[str, ...], Counts, Counts]:
    """Counts by category; where a side does not list all, what the baseline does not list is one category."""
    known, seen = categories(before), categories(now)
    rest_before, rest = _unlisted(before, known), _unlisted(now, seen)
    values = list(known) if rest_before or rest else list(dict.fromkeys((*known, *seen)))
    window = [seen.get(value, 0) for value in values]
    baseline = [known.get(value, 0) for value in values]
    if rest_before or rest:
        values.append(OTHERS)
        window.append(sum(seen.values()) + rest - sum(window))
        baseline.append(rest_before)
    return tuple(values), np.array(window, np.int64), np.array(baseline, np.int64)


def _unlisted(column: Column, listed: Mapping[str, int]) -> int:
    return column.texts.total - sum(column.texts.counts.values()) if listed else column.texts.total
