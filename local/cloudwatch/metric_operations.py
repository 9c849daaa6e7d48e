"""The operations on metrics: put, list, and read as statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from local.clock import Clock
from local.cloudwatch.metrics import MINUTE_SECONDS, Bucket, Metric, Metrics
from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.paging import page
from local.wire import Call

STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_PAGE: Final = 500
_DATAPOINTS: Final = 1440
_DATAPOINTS_OF_DATA: Final = 100_800
_OLDEST: Final = timedelta(weeks=2)
_NEWEST: Final = timedelta(hours=2)
_LARGEST: Final = 2.0**360
_RECENT: Final = timedelta(hours=3)

Params = dict[str, Any]


class MetricOperations:
    """Handlers over `metrics`."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock, self._metrics = clock, metrics

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "PutMetricData": self._put_metric_data,
            "ListMetrics": self._list_metrics,
            "GetMetricStatistics": self._get_metric_statistics,
            "GetMetricData": self._get_metric_data,
        }

    def record(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Add data in PutMetricData's shape, in any namespace. Raises AwsError for a datum that AWS would refuse."""
        now = self._clock.now()
        for number, datum in enumerate(data, 1):
            _check_datum(datum, at=f"MetricData.member.{number}", now=now)
        for datum in data:
            self._metrics.put(Metric.of(datum, namespace=namespace), datum, at=datum.get("Timestamp", now))

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
        if params.get("ExtendedStatistics"):
            raise UnsupportedLocally("percentiles in cloudwatch:GetMetricStatistics")
        if not params.get("Statistics"):
            message = "At least one of the parameters Statistics and ExtendedStatistics must be specified."
            raise AwsError("InvalidParameterCombination", message)
        period, start, end = params["Period"], params["StartTime"], params["EndTime"]
        _check_period(period)
        _check_span(start, end, period_seconds=period)
        points = self._metrics.datapoints(
            Metric.of(params), start=start, end=end, period_seconds=period, unit=params.get("Unit")
        )
        found = [
            {"Timestamp": p.start, "Unit": p.unit, **{name: p.bucket.statistic(name) for name in params["Statistics"]}}
            for p in points
        ]
        return {"Label": params["MetricName"], "Datapoints": found}

    def _get_metric_data(self, params: Params, _: Call) -> Params:
        queries, start, end = params["MetricDataQueries"], params["StartTime"], params["EndTime"]
        if start >= end:
            raise AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
        for query in queries:
            _check_query(query)
        newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        results = [
            self._result(query, start=start, end=end, newest_first=newest_first)
            for query in queries
            if query.get("ReturnData", True)
        ]
        limit = params.get("MaxDatapoints", _DATAPOINTS_OF_DATA)
        if sum(len(result["Values"]) for result in results) > limit:
            raise UnsupportedLocally(f"cloudwatch:GetMetricData over {limit} data points", reason="it gives one page")
        return {"MetricDataResults": results, "Messages": []}

    def _result(self, query: Params, *, start: datetime, end: datetime, newest_first: bool) -> Params:
        asked = query["MetricStat"]
        points = self._metrics.datapoints(
            Metric.of(asked["Metric"]), start=start, end=end, period_seconds=asked["Period"], unit=asked.get("Unit")
        )
        buckets: dict[datetime, Bucket] = {}
        for point in points:
            buckets.setdefault(point.start, Bucket()).absorb(point.bucket)
        times = sorted(buckets, reverse=newest_first)
        return {
            "Id": query["Id"],
            "Label": query.get("Label", asked["Metric"]["MetricName"]),
            "Timestamps": times,
            "Values": [buckets[time].statistic(asked["Stat"]) for time in times],
            "StatusCode": "Complete",
        }


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


def _check_query(query: Mapping[str, Any]) -> None:
    if "Expression" in query or "MetricStat" not in query:
        raise UnsupportedLocally("metric math in cloudwatch:GetMetricData")
    if query["MetricStat"]["Stat"] not in STATISTICS:
        raise UnsupportedLocally(f"the statistic {query['MetricStat']['Stat']} in cloudwatch:GetMetricData")
    _check_period(query["MetricStat"]["Period"])


def _check_period(seconds: int) -> None:
    if seconds in (1, 5, 10, 20, 30):
        raise UnsupportedLocally(f"a period of {seconds} seconds", reason="it keeps one-minute data")
    if seconds < 1 or seconds % MINUTE_SECONDS:
        message = f"The parameter Period must be a multiple of {MINUTE_SECONDS}."
        raise AwsError("InvalidParameterValue", message)


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
