"""GetMetricData: many statistics, and metric math over them, in one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from local.cloudwatch.bucket import supported
from local.cloudwatch.expressions import Series, Value
from local.cloudwatch.metric_operations import check_period
from local.cloudwatch.metrics import Metrics, Window
from local.cloudwatch.queries import Queries, Query
from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.wire import Call

_DATAPOINTS: Final = 100_800

Params = dict[str, Any]


class DataOperations:
    """The handler over `metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def handlers(self) -> dict[str, Handler]:
        """The operation by name."""
        return {"GetMetricData": self._get_metric_data}

    def _get_metric_data(self, params: Params, _: Call) -> Params:
        asked, start, end = params["MetricDataQueries"], params["StartTime"], params["EndTime"]
        if start >= end:
            raise AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
        check_queries(asked)
        newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        results = [
            _described(query.id, series, window, zone=start.tzinfo, newest_first=newest_first)
            for query, series, window in self._series(asked, start=start, end=end)
        ]
        limit = params.get("MaxDatapoints", _DATAPOINTS)
        if sum(len(result["Values"]) for result in results) > limit:
            raise UnsupportedLocally(f"cloudwatch:GetMetricData over {limit} data points", reason="it gives one page")
        return {"MetricDataResults": results, "Messages": []}

    def _series(
        self, asked: Sequence[Params], *, start: datetime, end: datetime
    ) -> Iterator[tuple[Query, Series, Window]]:
        """What is returned of each query, in their order; without an expression each keeps its own period."""
        together = any("Expression" in query for query in asked)
        for group in [asked] if together else [[query] for query in asked]:
            queries = Queries(group)
            window = _window(start, end, period=queries.period)
            values = queries.values(self._metrics.readings, window)
            for query in queries.asked:
                if query.returned:
                    yield from ((query, series, window) for series in _listed(query, values[query.id]))


def check_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    """Raise AwsError `ValidationError` for queries whose Ids, statistics or periods AWS would refuse."""
    ids = [query["Id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise AwsError("ValidationError", "The values for parameter id in MetricDataQueries are not unique.")
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            message = f"Either MetricStat or Expression must be specified for {query['Id']}, and not both."
            raise AwsError("ValidationError", message)
        if "MetricStat" in query:
            check_period(query["MetricStat"]["Period"])
            if not supported(query["MetricStat"]["Stat"]):
                stat = query["MetricStat"]["Stat"]
                raise AwsError("ValidationError", f"The value {stat} for parameter Stat is not supported.")


def _window(start: datetime, end: datetime, *, period: int) -> Window:
    first, last = int(start.timestamp()) // period, -int(-end.timestamp() // period)
    if last - first > _DATAPOINTS:
        raise UnsupportedLocally(f"cloudwatch:GetMetricData over {_DATAPOINTS} periods", reason="it gives one page")
    return Window(first * period, period, last - first)


def _listed(query: Query, value: Value) -> list[Series]:
    if isinstance(value, float):
        message = f"Error in expression '{query.id}': the result is a number and not a time series."
        raise AwsError("ValidationError", message)
    if isinstance(value, Series):
        return [Series(value.points, query.label)]
    return [Series(series.points, f"{query.label} {series.label}".strip()) for series in value]


def _described(query_id: str, series: Series, window: Window, *, zone: tzinfo | None, newest_first: bool) -> Params:
    found = [
        (datetime.fromtimestamp(window.start + number * window.period, zone), point)
        for number, point in enumerate(series.points)
        if point is not None
    ]
    if newest_first:
        found.reverse()
    return {
        "Id": query_id,
        "Label": series.label,
        "Timestamps": [moment for moment, _ in found],
        "Values": [point for _, point in found],
        "StatusCode": "Complete",
    }
