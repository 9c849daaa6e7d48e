"""A column's profile as JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from monitor.profile.bins import Bins, Counts, Run
from monitor.profile.categories import Categories
from monitor.profile.column import Column
from monitor.profile.distinct import Distinct
from monitor.profile.numbers import Numbers

_BINS_KEPT: Final = 1 << 15


def of(column: Column) -> dict[str, Any]:
    """The document of a column."""
    return {
        "rows": column.rows,
        "missing": column.missing,
        "unknown": column.unknown,
        "numbers": _numbers(column.numbers),
        "texts": _texts(column.texts),
    }


def column(given: Mapping[str, Any]) -> Column:
    """The column of such a document."""
    return Column(
        rows=given["rows"],
        missing=given["missing"],
        unknown=given["unknown"],
        numbers=_numbers_of(given["numbers"]),
        texts=_texts_of(given["texts"]),
    )


def _numbers(numbers: Numbers) -> dict[str, Any]:
    counted = {"count": numbers.count, "nan": numbers.nan, "infinite": numbers.infinite}
    if not numbers.count:
        return counted
    moments = {name: _finite(getattr(numbers, name)) for name in ("total", "mean", "m2")} | {"whole": numbers.whole}
    limits = {"min": numbers.min, "max": numbers.max}
    if numbers.bins is None:
        found: dict[str, Any] = {"values": numbers.values.tolist(), "counts": numbers.counts.tolist()}
    else:
        found = {"bins": _bins(numbers.bins)}
    return counted | moments | limits | found


def _numbers_of(given: Mapping[str, Any]) -> Numbers:
    numbers = Numbers(count=given["count"], nan=given["nan"], infinite=given["infinite"])
    if not numbers.count:
        return numbers
    numbers.whole = given["whole"]
    for name in ("total", "mean", "m2"):
        setattr(numbers, name, math.inf if given[name] is None else given[name])
    numbers.min, numbers.max = given["min"], given["max"]
    if "bins" in given:
        numbers.bins = _bins_of(given["bins"])
    else:
        numbers.values = np.array(given["values"], np.float64)
        numbers.counts = np.array(given["counts"], np.int64)
    return numbers


def _finite(value: float) -> float | None:
    """A number as JSON has it: null for one too large for a float, as sums of the largest floats are."""
    return value if math.isfinite(value) else None


def _bins(bins: Bins) -> dict[str, Any]:
    kept = bins.copy()
    while np.count_nonzero(kept.positive.counts) + np.count_nonzero(kept.negative.counts) > _BINS_KEPT:
        kept.coarsen(kept.shift + 1)
    return {
        "shift": kept.shift,
        "zeros": kept.zeros,
        "tiny": kept.tiny,
        "positive": _run(kept.positive),
        "negative": _run(kept.negative),
    }


def _bins_of(given: Mapping[str, Any]) -> Bins:
    return Bins(given["shift"], _run_of(given["positive"]), _run_of(given["negative"]), given["zeros"], given["tiny"])


def _run(run: Run) -> dict[str, Any]:
    """The filled bins: the first one's number, the steps from each to the next, the counts."""
    filled = np.flatnonzero(run.counts)
    first = int(filled[0]) if len(filled) else 0
    return {"first": run.first + first, "steps": np.diff(filled).tolist(), "counts": run.counts[filled].tolist()}


def _run_of(given: Mapping[str, Any]) -> Run:
    if not given["counts"]:
        return Run()
    places = np.concatenate(([0], np.cumsum(np.array(given["steps"], np.int64)))).astype(np.int64)
    counts: Counts = np.zeros(int(places[-1]) + 1, np.int64)
    counts[places] = given["counts"]
    return Run(given["first"], counts)


def _texts(texts: Categories) -> dict[str, Any]:
    found: dict[str, Any] = {"total": texts.total, "counts": texts.counts}
    if texts.seen is not None:
        found |= {
            "missed": texts.missed,
            "smallest_hashes": [format(value, "x") for value in texts.seen.smallest.tolist()],
        }
    return found


def _texts_of(given: Mapping[str, Any]) -> Categories:
    texts = Categories(given["total"], dict(given["counts"]), given.get("missed", 0))
    if "smallest_hashes" in given:
        texts.seen = Distinct(np.array([int(value, 16) for value in given["smallest_hashes"]], np.uint64))
    return texts
