"""The flip test: what the model tells people of the group, and what it tells their neighbours among the others."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.bias.cells import Answers, Facet
from monitor.quality.values import is_number, numbers

NEIGHBOURS: Final = 5
FEWEST_FOR_FIVE: Final = 10
"""With fewer others the one nearest is asked alone."""
MOST_ROWS: Final = 2_000
"""Of either side, evenly taken: every one is compared with every other."""
_OURS: Final = frozenset({"_id", "_time", "prediction", "label"})

Floats = npt.NDArray[np.float64]


def flipped(answers: Answers, facet: Facet) -> tuple[float | None, str]:
    """Clarify's FT, or None and why: (favoured unlike its neighbours − disfavoured unlike them) / rows of the group.

    The neighbours are the five nearest others by the Euclidean distance of all features as they are; as Clarify, it
    takes numbers alone.
    """
    names = [name for name in answers.table.column_names if name not in _OURS]
    if any(not is_number(answers.table[name].type) for name in names):
        return None, "The flip test takes numeric features alone."
    features = np.column_stack([numbers(answers.table[name]) for name in names]) if names else np.empty((0, 0))
    if not names or not np.isfinite(features).all():
        return None, "The flip test needs all features of every row."
    group, others = _some(facet.in_group), _some(facet.known & ~facet.in_group)
    if not len(group) or not len(others):
        return None, "One side has no rows."
    told = answers.favoured[group]
    by_others = _vote(features[group], features[others], answers.favoured[others])
    gained, lost = np.count_nonzero(told & ~by_others), np.count_nonzero(~told & by_others)
    return float(gained - lost) / len(group), ""


def _vote(asking: Floats, asked: Floats, answers: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What most of the nearest neighbours were told."""
    nearest = NEIGHBOURS if len(asked) >= FEWEST_FOR_FIVE else 1
    squares = (asked**2).sum(axis=1)
    votes = []
    for block in np.array_split(asking, max(1, len(asking) // 200)):
        distance = squares - 2 * block @ asked.T
        chosen = np.argsort(distance, axis=1, kind="stable")[:, :nearest]
        votes.append(answers[chosen].mean(axis=1) > 0.5)
    return np.concatenate(votes)


def _some(side: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    rows = np.flatnonzero(side)
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).round().astype(np.int64)]
