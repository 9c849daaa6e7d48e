"""The functions of metric math that are here; the others are refused by name."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from local.cloudwatch.expressions.values import ExpressionError, Series, Value, each
from local.cloudwatch.metrics import Window
from local.errors import UnsupportedLocally

Arguments = list[Value | str]

_ELSEWHERE: Final = (
    *("ANOMALY_DETECTION_BAND", "DATE", "DAY", "DB_PERF_INSIGHTS", "EPOCH", "FIRST", "HOUR"),
    *("INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "MINUTE", "MONTH", "REMOVE_EMPTY", "SEARCH"),
    *("SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "YEAR"),
)


@dataclass(frozen=True)
class Call:
    """One use of a function; `of_metric` when its one argument is a metric of the request itself."""

    name: str
    arguments: Arguments
    window: Window
    metrics: Mapping[str, Series]
    of_metric: bool = False

    def one(self) -> Value:
        """The one argument. Raises ExpressionError when there are more, or a string."""
        if len(self.arguments) != 1:
            raise ExpressionError(f"{self.name} takes one argument, a time series or an array of them in brackets")
        return self.value(0)

    def value(self, number: int) -> Value:
        """An argument that must not be a string."""
        argument = self.arguments[number]
        if isinstance(argument, str):
            raise ExpressionError(f"{self.name} does not take {argument}")
        return argument

    def plain(self, number: int) -> float | Series:
        """An argument that must not be an array either."""
        value = self.value(number)
        if isinstance(value, tuple):
            raise ExpressionError(f"{self.name} does not take an array of time series")
        return value


def call(use: Call) -> Value:
    """The function's value. Raises ExpressionError for wrong arguments, UnsupportedLocally for what is not here."""
    if use.name in _ELSEWHERE:
        raise UnsupportedLocally(f"the metric math function {use.name}")
    if use.name not in _FUNCTIONS:
        raise ExpressionError(f"unknown function {use.name}")
    return _FUNCTIONS[use.name](use)


def _pointwise(function: Callable[[float], float]) -> Callable[[Call], Value]:
    def apply(use: Call) -> Value:
        return each(function, _series_or_array(use))

    return apply


def _aggregate(function: Callable[[Sequence[float]], float], *, missing_as_zero: bool) -> Callable[[Call], Value]:
    """Of one series its number, of an array the series of each period's number; of no data point there is none."""

    def of_period(points: Sequence[float | None]) -> float | None:
        present = [point for point in points if point is not None]
        zeros = [0.0] * (len(points) - len(present)) if missing_as_zero else []
        return function([*present, *zeros]) if present else None

    def apply(use: Call) -> Value:
        value = _series_or_array(use)
        if isinstance(value, tuple):
            columns = zip(*(series.points for series in value), strict=True)
            return Series([of_period(column) for column in columns] if value else _none(use))
        present = [point for point in value.points if point is not None]
        return function(present) if present else math.nan

    return apply


def _if(use: Call) -> Value:
    """IF(condition, then, otherwise): see "Using IF expressions" for what a missing data point gives."""
    if len(use.arguments) not in (2, 3):
        raise ExpressionError("IF takes a condition, a value and, where it is false, another value")
    condition, then = use.plain(0), use.plain(1)
    otherwise = use.plain(2) if len(use.arguments) == 3 else None
    if isinstance(condition, float):
        chosen = then if condition != 0 else otherwise
        return Series(_none(use)) if chosen is None else chosen
    # By the guide's tables a missing data point of `otherwise` is 0 beside a series and dropped beside a number.
    fallback = 0.0 if isinstance(then, Series) else None
    return Series([_chosen(number, point, then, otherwise, fallback) for number, point in enumerate(condition.points)])


def _chosen(
    number: int,
    condition: float | None,
    then: float | Series,
    otherwise: float | Series | None,
    fallback: float | None,
) -> float | None:
    if condition is None:
        return None
    if condition != 0:
        return _at(then, number, missing=0.0)
    return None if otherwise is None else _at(otherwise, number, missing=fallback)


def _at(value: float | Series, number: int, *, missing: float | None) -> float | None:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    point = value.points[number]
    return missing if point is None else point


def _fill(use: Call) -> Value:
    """FILL(series, number | series | REPEAT | LINEAR)."""
    if len(use.arguments) != 2:
        raise ExpressionError("FILL takes time series and what to fill their missing values with")
    value, filler = use.value(0), use.arguments[1]
    if isinstance(value, float) or isinstance(filler, tuple):
        raise ExpressionError("FILL takes time series and one filler")
    if isinstance(filler, str) and filler not in ("REPEAT", "LINEAR"):
        raise ExpressionError(f"FILL does not take {filler}")
    if isinstance(value, tuple):
        return tuple(Series(_filled(series.points, filler), series.label) for series in value)
    return Series(_filled(value.points, filler), value.label)


def _filled(points: Sequence[float | None], filler: float | Series | str) -> list[float | None]:
    if filler == "REPEAT":
        return list(itertools.accumulate(points, _latest))
    if filler == "LINEAR":
        return _interpolated(points)
    assert not isinstance(filler, str)
    return [_at(filler, number, missing=None) if p is None else p for number, p in enumerate(points)]


def _latest(last: float | None, point: float | None) -> float | None:
    return last if point is None else point


def _interpolated(points: Sequence[float | None]) -> list[float | None]:
    filled, known = list(points), [(n, p) for n, p in enumerate(points) if p is not None]
    for (first, low), (last, high) in itertools.pairwise(known):
        for number in range(first + 1, last):
            filled[number] = low + (high - low) * (number - first) / (last - first)
    return filled


def _stepwise(step: Callable[[float, float, float], float]) -> Callable[[Call], Value]:
    """Of each data point but the first: `step(value, value before, seconds between)`, whatever is missing between."""

    def of(series: Series, period: int) -> Series:
        known = [(number, point) for number, point in enumerate(series.points) if point is not None]
        found: list[float | None] = [None] * len(series.points)
        for (earlier, before), (number, point) in itertools.pairwise(known):
            found[number] = step(point, before, float((number - earlier) * period))
        return Series(found, series.label)

    def apply(use: Call) -> Value:
        value = _series_or_array(use)
        if isinstance(value, Series):
            return of(value, use.window.period)
        return tuple(of(series, use.window.period) for series in value)

    return apply


def _running_sum(use: Call) -> Value:
    value = _series_or_array(use)
    return _summed(value) if isinstance(value, Series) else tuple(_summed(series) for series in value)


def _summed(series: Series) -> Series:
    totals = itertools.accumulate(point or 0.0 for point in series.points)
    pairs = zip(series.points, totals, strict=True)
    return Series([None if point is None else total for point, total in pairs], series.label)


def _metrics(use: Call) -> Value:
    if len(use.arguments) > 1 or not all(isinstance(argument, str) for argument in use.arguments):
        raise ExpressionError("METRICS takes nothing or one string")
    wanted = "".join(argument for argument in use.arguments if isinstance(argument, str))
    return tuple(series for name, series in use.metrics.items() if wanted in name)


def _period(use: Call) -> Value:
    if not use.of_metric:
        raise ExpressionError("PERIOD takes a metric")
    return float(use.window.period)


def _metric_count(use: Call) -> Value:
    value = use.one()
    if not isinstance(value, tuple):
        raise ExpressionError("METRIC_COUNT takes an array of time series")
    return float(len(value))


def _time_series(use: Call) -> Value:
    value = use.one()
    if not isinstance(value, float):
        raise ExpressionError("TIME_SERIES takes a number")
    return Series([None if math.isnan(value) else value] * use.window.count)


def _series_or_array(use: Call) -> Series | tuple[Series, ...]:
    value = use.one()
    if isinstance(value, float):
        raise ExpressionError(f"{use.name} takes time series, not a number")
    return value


def _none(use: Call) -> list[float | None]:
    return [None] * use.window.count


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


_FUNCTIONS: Final[dict[str, Callable[[Call], Value]]] = {
    "ABS": _pointwise(abs),
    "CEIL": _pointwise(math.ceil),
    "FLOOR": _pointwise(math.floor),
    "LOG": _pointwise(math.log),
    "LOG10": _pointwise(math.log10),
    "AVG": _aggregate(_mean, missing_as_zero=True),
    "MAX": _aggregate(max, missing_as_zero=False),
    "MIN": _aggregate(min, missing_as_zero=False),
    "SUM": _aggregate(math.fsum, missing_as_zero=True),
    "DATAPOINT_COUNT": _aggregate(lambda values: float(len(values)), missing_as_zero=False),
    "DIFF": _stepwise(lambda value, before, _: value - before),
    "DIFF_TIME": _stepwise(lambda _, __, seconds: seconds),
    "RATE": _stepwise(lambda value, before, seconds: (value - before) / seconds),
    "RUNNING_SUM": _running_sum,
    "FILL": _fill,
    "IF": _if,
    "METRICS": _metrics,
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "TIME_SERIES": _time_series,
}
