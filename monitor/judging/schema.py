"""Columns that are not where they were: missing, new, renamed, swapped; said in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from monitor.files import LABEL, PREDICTION
from monitor.judging import evidence
from monitor.judging.baseline import Baseline
from monitor.judging.contents import extra
from monitor.judging.suspicion import Suspicion
from monitor.measures.distances import aligned
from monitor.profile import Column, Numbers, Profile

_ALIKE: Final = 0.05
"""The least chance of lying so differently at which two columns are said to look alike."""
_NEAR: Final = 0.25
"""As a part of the standard deviation."""
_MOST: Final = 40
"""So many columns are compared with each other at most."""


def extra_columns(baseline: Baseline, current: Profile, ignored: frozenset[str]) -> Iterator[Suspicion]:
    """Columns of the window that the baseline does not have. Answers and labels may come, or not, with any request."""
    known = {each.name for each in baseline.constraints.features} | ignored | {PREDICTION, LABEL}
    for name, column in current.columns.items():
        if name not in known:
            present = column.present - column.numbers.nan
            yield extra(name, present=present, rows=current.rows, rows_before=baseline.profile.rows)


def lookalikes(baseline: Baseline, current: Profile, moved: Sequence[str], new: Sequence[str]) -> Mapping[str, str]:
    """For columns that have moved or are missing, the one of the window's that holds their values now, if one does.

    Compared are the columns `moved` and the `new` ones of the window, alone: what has not moved is where it was.
    """
    candidates = [*moved, *new][:_MOST]
    found: dict[str, str] = {}
    for name in list(moved)[:_MOST]:
        before = baseline.profile.columns.get(name)
        if before is None or not before.present:
            continue
        chances = {
            other: _alike(current.columns[other], before)
            for other in candidates
            if other != name and other in current.columns
        }
        best = max(chances, key=lambda other: chances[other], default=None)
        if best is not None and chances[best] > _ALIKE:
            found[name] = best
    return found


def _near(now: Numbers, before: Numbers) -> bool:
    """Whether mean and spread are about the same: cheap, and enough to leave most columns out."""
    apart = abs(now.mean - before.mean)
    return apart <= _NEAR * before.std and (1 - _NEAR) * before.std <= now.std <= (1 + _NEAR) * before.std


def _alike(now: Column, before: Column) -> float:
    """The chance that two columns of the same source look so different; 0 for other types or columns of one value."""
    if now.numeric != before.numeric or not now.present:
        return 0.0
    if before.numeric:
        if not _near(now.numbers, before.numbers):
            return 0.0
        points, known, window = aligned(before.numbers, now.numbers)
        return evidence.moved(window, known) if len(points) > 1 else 0.0
    values = list(before.texts.counts | now.texts.counts)
    window, known = (
        np.array([each.texts.counts.get(value, 0) for value in values], np.int64) for each in (now, before)
    )
    return evidence.largest_share(window, known) if len(values) > 1 else 0.0
