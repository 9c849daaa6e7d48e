"""Metrics of trial components: SageMaker Metrics puts and gets them, descriptions sum them up."""

from __future__ import annotations

import math
import statistics
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.errors import AwsError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.experiments.kinds import TRIAL_COMPONENT
from local.wire import Call

Params = dict[str, Any]

_PERIODS = {"OneMinute": 60, "FiveMinute": 300, "OneHour": 3600}
_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Min": min,
    "Max": max,
    "Avg": statistics.fmean,
    "Count": len,
    "StdDev": statistics.pstdev,
    "Last": lambda values: values[-1],
}


@dataclass(frozen=True)
class Point:
    """A value of a metric, with the training step that it belongs to if it was given."""

    name: str
    at: datetime
    value: float
    step: int | None = None


class MetricLog:
    """What was put, by the ARN of the component; kept in the table `sagemaker.component-metrics`, a batch an entry."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._table = context.services.state.table("sagemaker.component-metrics")
        self._points: dict[str, list[Point]] = defaultdict(list)
        self._lock = threading.Lock()
        for key, points in self._table.items():
            self._points[_arn(key)] += points

    def handlers(self) -> dict[str, Handler]:
        """Every operation of SageMaker Metrics."""
        return {"BatchPutMetrics": self.put, "BatchGetMetrics": self.get}

    def put(self, params: Params, _: Call) -> Params:
        """Keep values of a component. Raises ResourceNotFound."""
        component = self._store.get(TRIAL_COMPONENT, params["TrialComponentName"])
        entries = [Point(p["MetricName"], p["Timestamp"], p["Value"], p.get("Step")) for p in params["MetricData"]]
        wrong = [number for number, point in enumerate(entries) if not math.isfinite(point.value)]
        self.add(component["TrialComponentArn"], [p for number, p in enumerate(entries) if number not in wrong])
        return {"Errors": [{"Code": "VALIDATION_ERROR", "MetricIndex": number} for number in wrong]}

    def add(self, arn: str, points: Sequence[Point]) -> None:
        """Keep values of the component with this ARN."""
        if not points:
            return
        number = self._store.next_number("component-metrics")
        with self._lock:
            self._table[f"{arn} {number}"] = list(points)
            self._points[arn] += points

    def forget(self, arn: str) -> None:
        """Drop the values of a component."""
        with self._lock:
            self._points.pop(arn, None)
            for key in [key for key in self._table if _arn(key) == arn]:
                del self._table[key]

    def get(self, params: Params, _: Call) -> Params:
        """A statistic over each period, or over each iteration, for every query."""
        return {"MetricQueryResults": [self._answer(query) for query in params["MetricQueries"]]}

    def summary(self, arn: str) -> list[Params]:
        """TrialComponentMetricSummary of each metric, those too that a component's training job ended with."""
        component = self._store.get(TRIAL_COMPONENT, arn)
        final = [_final(metric, component) for metric in component.get("FinalMetrics", [])]
        found: dict[str, list[Point]] = defaultdict(list)
        for point in self._of(arn):
            found[point.name].append(point)
        return [*(_summary(arn, name, points) for name, points in found.items()), *final]

    def _of(self, arn: str) -> list[Point]:
        with self._lock:
            return sorted(self._points.get(arn, []), key=lambda point: point.at)

    def _answer(self, query: Params) -> Params:
        by_iteration = query["XAxisType"] == "IterationNumber"
        if by_iteration != (query["Period"] == "IterationNumber"):
            return _wrong("Period must be IterationNumber exactly when XAxisType is.")
        try:
            arn = self._store.get(TRIAL_COMPONENT, query["ResourceArn"])["TrialComponentArn"]
        except AwsError as error:
            return _wrong(error.message)
        groups: dict[int, list[float]] = defaultdict(list)
        for point in self._of(arn):
            x = point.step if by_iteration else int(point.at.timestamp())
            if point.name == query["MetricName"] and x is not None and _inside(x, query):
                groups[x if by_iteration else x // _PERIODS[query["Period"]] * _PERIODS[query["Period"]]].append(
                    point.value
                )
        statistic = _STATISTICS[query["MetricStat"]]
        values = {x: float(statistic(groups[x])) for x in sorted(groups)}
        return {"Status": "Complete", "XAxisValues": list(values), "MetricValues": list(values.values())}


def _summary(arn: str, name: str, points: Sequence[Point]) -> Params:
    values = [point.value for point in points]
    figures = {stat: of(values) for stat, of in _STATISTICS.items()}
    return {"MetricName": name, "SourceArn": arn, "TimeStamp": points[-1].at.astimezone(UTC), **figures}


def _final(metric: Mapping[str, Any], component: Mapping[str, Any]) -> Params:
    value, source = metric["Value"], component["Source"]["SourceArn"]
    figures = {"Min": value, "Max": value, "Avg": value, "Last": value, "StdDev": 0.0, "Count": 1}
    return {"MetricName": metric["MetricName"], "TimeStamp": metric["Timestamp"], "SourceArn": source, **figures}


def _inside(x: int, query: Params) -> bool:
    return bool(query.get("Start", x) <= x <= query.get("End", x))


def _wrong(message: str) -> Params:
    return {"Status": "ValidationError", "Message": message, "XAxisValues": [], "MetricValues": []}


def _arn(key: str) -> str:
    return key.rpartition(" ")[0]
