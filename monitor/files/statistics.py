"""statistics.json of data quality: written from a profile, and read back as one, AWS's own files too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from monitor.files import PREDICTION
from monitor.files.constraints import NUMERIC, TYPES
from monitor.profile import Categories, Column, Numbers, Profile
from monitor.profile.bins import evenly

_BUCKETS: Final = 10
_K: Final = 2048
_C: Final = 0.64
_SKETCH_ERROR: Final = 0.0024
"""The rank error of a KLL sketch of that size, at 99 %: 2.296 / k^0.9021 (as Apache DataSketches states it)."""
_CATEGORIES: Final = 1000
"""So many categories stand in the file; the rest are known by their number alone."""


class BadStatistics(ValueError):
    """A document that is no statistics.json; the text says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a file says, as a profile, and how far it may be from the data."""

    profile: Profile
    errors: Mapping[str, float] = field(default_factory=dict)
    """Feature → largest error of a share of its values below a number; absent: none."""


def document(profile: Profile) -> dict[str, Any]:
    """The file, as Model Monitor's analyzer writes it; the column `prediction`, if there is one, first.

    AWS's analyzer lines up a captured record as answer, then request, so that its baseline has the answer first.
    """
    ordered = sorted(profile.columns, key=lambda name: name != PREDICTION)
    return {
        "version": 0.0,
        "dataset": {"item_count": profile.rows},
        "features": [_feature(name, profile.columns[name], rows_of(profile, name)) for name in ordered],
    }


def rows_of(profile: Profile, name: str) -> int:
    """The rows in which a feature could have a value.

    Those of the whole profile: a request that leaves a column out lacks its value. Answers come with every request,
    but a baseline's come from other rows, those that the model was tested with.
    """
    return profile.columns[name].rows if name == PREDICTION and name in profile.columns else profile.rows


def categories(column: Column) -> Mapping[str, int]:
    """The texts of a column with its few numbers written out: a feature of texts may have codes like 3 beside 3A."""
    if not column.numbers.count or column.numbers.bins is not None:
        return column.texts.counts
    written = {f"{value:.15g}": int(count) for value, count in zip(*column.numbers.points(), strict=True)}
    return {**column.texts.counts, **written}


def read(found: Any) -> Read:
    """The profile that a file describes: of numbers what its sketch holds. Raises BadStatistics for no such file."""
    try:
        rows = int(found["dataset"]["item_count"])
        columns = {each["name"]: _column(each, rows) for each in found["features"]}
    except (KeyError, TypeError, ValueError, AttributeError) as failure:
        raise BadStatistics(f"statistics.json: not in Model Monitor's form ({failure!r}).") from failure
    errors = {each["name"]: error for each in found["features"] if (error := _error(each)) > 0}
    return Read(profile=Profile(rows=rows, columns=columns), errors=errors)


def _feature(name: str, column: Column, rows: int) -> dict[str, Any]:
    kind = column.inferred_type
    present = column.present - column.numbers.nan
    common = {"num_present": present, "num_missing": rows - present}
    if kind in NUMERIC:
        return {"name": name, "inferred_type": kind, "numerical_statistics": _numerical(column.numbers, common)}
    return {"name": name, "inferred_type": kind, "string_statistics": _textual(column, common)}


def _numerical(numbers: Numbers, common: dict[str, int]) -> dict[str, Any]:
    if not numbers.count:  # only infinities
        return {"common": common}
    return {
        "common": common,
        "mean": numbers.mean,
        "sum": numbers.total,
        "std_dev": numbers.std,
        "min": numbers.min,
        "max": numbers.max,
        "distribution": {"kll": {"buckets": _buckets(numbers), "sketch": _sketch(numbers)}},
    }


def _buckets(numbers: Numbers) -> list[dict[str, float]]:
    edges = evenly(numbers.min, numbers.max, _BUCKETS + 1)
    counts = numbers.histogram(edges)
    bounds = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    return [{"lower_bound": low, "upper_bound": high, "count": float(count)} for low, high, count in bounds]


def _sketch(numbers: Numbers) -> dict[str, Any]:
    """Compactors as KLL has them: an item of level i weighs 2^i. One level with every value while those are few.

    More are thinned to the values at evenly spaced ranks, which no sketch can better; the number of items left over is
    written in powers of two, so that all weights add up to the count.
    """
    levels = max(0, math.ceil(math.log2(numbers.count / _K))) if numbers.count > _K else 0
    values, counts = numbers.points()
    reached = np.cumsum(counts)
    data: list[list[float]] = []
    rank = 0
    for level in range(levels + 1):
        weight = 1 << level
        many = (numbers.count - rank) // weight if level == levels else (numbers.count >> level) & 1
        ranks = rank + np.arange(many) * weight + weight // 2
        data.append(values[np.searchsorted(reached, ranks, side="right")].tolist())
        rank += many * weight
    return {"parameters": {"c": _C, "k": float(_K)}, "data": data}


def _textual(column: Column, common: dict[str, int]) -> dict[str, Any]:
    counts = categories(column)
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_CATEGORIES]
    buckets = [{"value": value, "count": count} for value, count in frequent]
    return {
        "common": common,
        "distinct_count": float(round(column.texts.distinct) + len(counts) - len(column.texts.counts)),
        "distribution": {"categorical": {"buckets": buckets}},
    }


def _column(found: Mapping[str, Any], rows: int) -> Column:
    if found["inferred_type"] not in TYPES:
        raise ValueError(f"type {found['inferred_type']!r}")
    statistics = found.get("numerical_statistics") or found.get("string_statistics") or {}
    common = statistics.get("common") or {"num_present": 0, "num_missing": rows}
    present, missing = int(common["num_present"]), int(common.get("num_missing", 0))
    column = Column(rows=present + missing, missing=missing)
    if found["inferred_type"] in NUMERIC:
        column.numbers = _numbers(statistics, whole=found["inferred_type"] == "Integral")
    elif found["inferred_type"] == "String":
        column.texts = _texts(statistics)
    else:
        column.unknown = column.present
    return column


def _numbers(statistics: Mapping[str, Any], *, whole: bool) -> Numbers:
    values, weights = _points(statistics)
    numbers = Numbers(count=int(weights.sum()))
    if not numbers.count:
        return numbers
    numbers.values, numbers.counts = values, weights
    numbers.mean, numbers.total = float(statistics["mean"]), float(statistics["sum"])
    numbers.m2 = float(statistics["std_dev"]) ** 2 * numbers.count
    numbers.min, numbers.max = float(statistics["min"]), float(statistics["max"])
    numbers.whole = numbers.count if whole else 0
    return numbers


def _points(statistics: Mapping[str, Any]) -> tuple[Any, Any]:
    """Values and weights: of the sketch, or of the middles of the buckets where a file has no sketch."""
    kll = (statistics.get("distribution") or {}).get("kll") or {}
    levels = (kll.get("sketch") or {}).get("data") or []
    if any(levels):
        values = np.concatenate([np.asarray(level, float) for level in levels])
        weights = np.concatenate([np.full(len(level), 1 << height, np.int64) for height, level in enumerate(levels)])
    else:
        buckets = kll.get("buckets") or []
        values = np.array([(each["lower_bound"] + each["upper_bound"]) / 2 for each in buckets], float)
        weights = np.array([round(each["count"]) for each in buckets], np.int64)
    distinct, places = np.unique(values, return_inverse=True)
    counts = np.zeros(len(distinct), np.int64)
    np.add.at(counts, places, weights)
    return distinct, counts


def _error(found: Mapping[str, Any]) -> float:
    """Of one level of a sketch: none, all values are there. Of buckets alone: the fullest one."""
    kll = ((found.get("numerical_statistics") or {}).get("distribution") or {}).get("kll") or {}
    levels = (kll.get("sketch") or {}).get("data") or []
    if any(levels):
        return _SKETCH_ERROR if sum(1 for level in levels if level) > 1 or len(levels) > 1 else 0.0
    counts = [float(each["count"]) for each in kll.get("buckets") or []]
    return max(counts) / sum(counts) if sum(counts) else 0.0


def _texts(statistics: Mapping[str, Any]) -> Categories:
    """The categories of a file; what its buckets leave out of all is counted, but of no name."""
    buckets = ((statistics.get("distribution") or {}).get("categorical") or {}).get("buckets") or []
    texts = Categories.of({str(each["value"]): int(each["count"]) for each in buckets})
    texts.total = max(texts.total, int(statistics["common"]["num_present"]))
    return texts
