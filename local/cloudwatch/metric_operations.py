"""The operations on metrics: put, list, and read the statistics of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from local.clock import Clock
from local.cloudwatch.bucket import supported
from local.cloudwatch.kept import KeptMetrics
from local.cloudwatch.metrics import MINUTE_SECONDS, Datapoint, Metric, Metrics
from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.paging import page
from local.wire import Call

_PAGE: Final = 500
_DATAPOINTS: Final = 1440
_SHORT_PERIODS: Final = (1, 5, 10, 20, 30)
_OLDEST: Final = timedelta(weeks=2)
_NEWEST: Final = timedelta(hours=2)
_LARGEST: Final = 2.0**360
_RECENT: Final = timedelta(hours=3)

Params = dict[str, Any]


class MetricOperations:
    """Handlers over `metrics`; data go through `kept`, which a later process finds."""

    def __init__(self, clock: Clock, metrics: Metrics, kept: KeptMetrics) -> None:
        self._clock, self._metrics, self._kept = clock, metrics, kept

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "PutMetricData": self._put_metric_data,
            "ListMetrics": self._list_metrics,
            "GetMetricStatistics": self._get_metric_statistics,
        }

    def record(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Add data in PutMetricData's shape, in any namespace. Raises AwsError for a datum that AWS would refuse."""
        now = self._clock.now()
        for number, datum in enumerate(data, 1):
            _check_datum(datum, at=f"MetricData.member.{number}", now=now)
        self._kept.put(namespace, data, now=now)

    def _put_metric_data(self, params: Params, _: Call) -> Params:
        if params.get("EntityMetricData"):
            raise UnsupportedLocally("cloudwatch:PutMetricData with EntityMetricData")
        if params["Namespace"].startswith("AWS/"):
            raise AwsError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
        if not params.get("MetricData"):
            raise AwsError("MissingParameter", "The parameter MetricData is required.")
        self.record(params["Namespace"], params["MetricData"])
        return {}

    def _list_metrics(self, params: Params, _: Call) -> Params:
        since = self._clock.now() - _RECENT if "RecentlyActive" in params else None
        found = [metric for metric in self._metrics.listed(since=since) if _fits(metric, params)]
        metrics, token = page(found, size=_PAGE, token=params.get("NextToken"), code="InvalidParameterValue")
        return {"Metrics": [metric.described() for metric in metrics], "NextToken": token}

    def _get_metric_statistics(self, params: Params, _: Call) -> Params:
        names, extended = params.get("Statistics", ()), params.get("ExtendedStatistics", ())
        _check_statistics(names, extended)
        period, start, end = params["Period"], params["StartTime"], params["EndTime"]
        check_period(period)
        _check_span(start, end, period_seconds=period)
        points = self._metrics.datapoints(
            Metric.of(params), start=start, end=end, period_seconds=period, unit=params.get("Unit")
        )
        described = [_described(point, names, extended) for point in points]
        return {"Label": params["MetricName"], "Datapoints": [point for point in described if point]}


def check_period(seconds: int) -> None:
    """Raise AwsError `InvalidParameterValue` for a length that no period of metric data has."""
    if seconds not in _SHORT_PERIODS and (seconds < 1 or seconds % MINUTE_SECONDS):
        message = f"The parameter Period must be 1, 5, 10, 20, 30 or a multiple of {MINUTE_SECONDS}."
        raise AwsError("InvalidParameterValue", message)


def _described(point: Datapoint, names: Sequence[str], extended: Sequence[str]) -> Params:
    """A data point with its statistics, nothing where it has none of those that were asked for."""
    told = {"Timestamp": point.start, "Unit": point.unit}
    if names:
        return {**told, **{name: point.bucket.statistic(name) for name in names}}
    values = {name: point.bucket.statistic(name) for name in extended}
    found = {name: value for name, value in values.items() if value is not None}
    return {**told, "ExtendedStatistics": found} if found else {}


def _fits(metric: Metric, params: Params) -> bool:
    has = dict(metric.dimensions)
    return (
        params.get("Namespace", metric.namespace) == metric.namespace
        and params.get("MetricName", metric.name) == metric.name
        and all(
            d["Name"] in has and d.get("Value", has[d["Name"]]) == has[d["Name"]] for d in params.get("Dimensions", ())
        )
    )


def _check_datum(datum: Mapping[str, Any], *, at: str, now: datetime) -> None:
    given = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    names = f"{at}.Value, {at}.Values and {at}.StatisticValues"
    if not given:
        raise AwsError("MissingParameter", f"One of the parameters {names} is required.")
    if len(given) > 1:
        raise AwsError("InvalidParameterCombination", f"The parameters {names} are mutually exclusive.")
    if "Counts" in datum and len(datum["Counts"]) != len(datum.get("Values", ())):
        message = f"The parameters {at}.Values and {at}.Counts must be of the same size."
        raise AwsError("InvalidParameterValue", message)
    for value in (*datum.get("Values", ()), *([datum["Value"]] if "Value" in datum else ())):
        # NaN is unequal to itself and fails every comparison.
        if not -_LARGEST <= value <= _LARGEST:
            raise AwsError("InvalidParameterValue", f"The value {value} for parameter {at}.Value is invalid.")
    if not now - _OLDEST <= datum.get("Timestamp", now) <= now + _NEWEST:
        message = f"The parameter {at}.Timestamp must specify a time within the past two weeks and the next two hours."
        raise AwsError("InvalidParameterValue", message)


def _check_statistics(names: Sequence[str], extended: Sequence[str]) -> None:
    if bool(names) == bool(extended):
        message = "Exactly one of the parameters Statistics and ExtendedStatistics must be specified."
        raise AwsError("InvalidParameterCombination", message)
    for name in extended:
        if not supported(name):
            raise AwsError("InvalidParameterValue", f"The value {name} for parameter ExtendedStatistics is invalid.")


def _check_span(start: datetime, end: datetime, *, period_seconds: int) -> None:
    if start >= end:
        message = "The parameter StartTime must be less than the parameter EndTime."
        raise AwsError("InvalidParameterCombination", message)
    asked = int((end - start).total_seconds() / period_seconds)
    if asked > _DATAPOINTS:
        message = (
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of {_DATAPOINTS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
        raise AwsError("InvalidParameterCombination", message)
