"""What a report draws of a feature: few bins or categories, the same for both sides."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from monitor.judging.drift import Drift
from monitor.judging.facts import Feature, Numbers, Side
from monitor.judging.pairs import Floats, Pair
from monitor.profile import Column
from monitor.profile.bins import evenly

_BINS: Final = 40
_CATEGORIES: Final = 12
_CUT: Final = 0.005
"""The share of both sides together beyond each end of the drawing: an outlier would flatten the rest."""
_QUANTILES: Final = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def drawn(
    pair: Pair, drift: Drift, *, p_value: float | None, checks: tuple[str, ...], notes: tuple[str, ...]
) -> Feature:
    """The facts of one feature; `checks` are those that it has violated."""
    return Feature(
        name=pair.name,
        kind="numeric" if pair.numeric else "categorical",
        inferred_type=pair.before.inferred_type,
        distance=drift.distance,
        threshold=drift.threshold,
        p_value=p_value,
        psi=drift.psi,
        jensen_shannon=drift.jensen_shannon,
        moved="baseline_drift_check" in checks,
        violated=bool(checks),
        ignored=notes == ("Ignored.",),
        notes=notes,
        **(_numeric(pair) if pair.numeric else _categorical(pair)),
    )


def _numeric(pair: Pair) -> dict[str, Any]:
    edges = _edges(pair)
    return {
        "edges": tuple(edges.tolist()),
        "baseline": _numeric_side(pair.before, pair.rows_before, edges),
        "current": _numeric_side(pair.now, pair.rows, edges),
    }


def _edges(pair: Pair) -> Floats:
    """Equal bins between the outer quantiles of both sides; whole numbers get bins of whole width."""
    both = pair.window + pair.baseline
    if not both.sum():
        return np.zeros(0)
    shares = np.cumsum(both) / both.sum()
    ends = np.minimum(np.searchsorted(shares, [_CUT, 1 - _CUT]), len(shares) - 1)
    low, high = pair.points[ends].tolist()
    if low == high:
        return np.array([low, np.nextafter(low, math.inf)])
    if pair.before.inferred_type == "Integral" and high - low < 1e9:
        step = math.ceil((high - low + 1) / _BINS)
        return np.arange(math.floor(low), math.ceil(high) + step + 1, step, dtype=float)[: _BINS + 1]
    return evenly(low, high, _BINS + 1)


def _numeric_side(column: Column, rows: int, edges: Floats) -> Side:
    numbers = column.numbers
    missing = _missing(column, rows)
    if not numbers.count or not len(edges):
        return Side(rows=rows, missing=missing, infinite=numbers.infinite)
    values, counts = numbers.points()
    reached = np.concatenate(([0], np.cumsum(counts))) / numbers.count
    cuts = reached[np.searchsorted(values, edges, side="left")]
    cuts[-1] = reached[np.searchsorted(values, edges[-1], side="right")]
    places = np.searchsorted(reached[1:], _QUANTILES)
    return Side(
        rows=rows,
        missing=missing,
        infinite=numbers.infinite,
        numbers=Numbers(
            mean=numbers.mean,
            std=numbers.std,
            min=numbers.min,
            max=numbers.max,
            quantiles=tuple(values[np.minimum(places, len(values) - 1)].tolist()),
        ),
        shares=tuple(np.diff(cuts).tolist()),
        below=float(cuts[0]),
        above=float(1 - cuts[-1]),
    )


def _categorical(pair: Pair) -> dict[str, Any]:
    shares, shares_before = pair.window / max(1, pair.window.sum()), pair.baseline / max(1, pair.baseline.sum())
    order = np.argsort(-np.maximum(shares, shares_before), kind="stable")[:_CATEGORIES]
    return {
        "categories": tuple(pair.values[place] for place in order),
        "unseen": tuple(bool(pair.baseline[place] == 0) for place in order),
        "baseline": _categorical_side(pair.before, pair.rows_before, shares_before[order]),
        "current": _categorical_side(pair.now, pair.rows, shares[order]),
        "other": (_rest(shares_before, order), _rest(shares, order)),
    }


def _categorical_side(column: Column, rows: int, shares: Floats) -> Side:
    return Side(
        rows=rows,
        missing=_missing(column, rows),
        shares=tuple(shares.tolist()),
        distinct=round(column.texts.distinct),
    )


def _rest(shares: Floats, order: Any) -> float:
    return max(0.0, float(shares.sum() - shares[order].sum()))


def _missing(column: Column, rows: int) -> int:
    return rows - column.present + column.numbers.nan
