"""What CloudWatch demands of an alarm beyond its model's shapes ("PutMetricAlarm")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.cloudwatch.bucket import STATISTICS, supported
from local.cloudwatch.expressions import Series
from local.cloudwatch.metrics import Window
from local.cloudwatch.queries import Queries
from local.errors import AwsError, UnsupportedLocally

_METRIC_MEMBERS: Final = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_UNSUPPORTED: Final = (
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
)
_MISSING_DATA: Final = ("breaching", "ignore", "missing", "notBreaching")
_SHORT_PERIODS: Final = (10, 20, 30)
_DAY_SECONDS: Final = 86_400
_HOUR_SECONDS: Final = 3_600
_ACTIONS: Final = ("OKActions", "AlarmActions", "InsufficientDataActions")
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+")
_ID = re.compile(r"[a-z]\w*")
_TOPIC = re.compile(r"arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+(\.fifo)?")
_ANOMALY: Final = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
_MATH_METRICS: Final = 10
"""AWS lets an alarm's metric math take this many metrics."""


def check_alarm(params: Mapping[str, Any]) -> None:
    """Raise AwsError `ValidationError` for what AWS refuses, UnsupportedLocally for what would have no effect."""
    _check_supported(params)
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        _demand(name in params, f"{name} is required for alarms that are not based on an anomaly detection model")
    if "Metrics" in params:
        given = [name for name in _METRIC_MEMBERS if name in params]
        _demand(not given, f"Metrics list and {', '.join(given)} are mutually exclusive")
        _check_metrics(params["Metrics"])
    else:
        _check_metric(params)
    periods = params["EvaluationPeriods"]
    datapoints = params.get("DatapointsToAlarm", periods)
    _demand(datapoints <= periods, f"DatapointsToAlarm {datapoints} is greater than EvaluationPeriods {periods}")
    _check_range(periods, _period_seconds(params))
    _check_missing_data(params)
    for arn in (arn for member in _ACTIONS for arn in params.get(member, ())):
        _check_action(arn)


def _check_supported(params: Mapping[str, Any]) -> None:
    operator = params.get("ComparisonOperator")
    odd = [name for name in _UNSUPPORTED if params.get(name)]
    odd += [operator] if operator in _ANOMALY else []
    if odd:
        raise UnsupportedLocally(f"cloudwatch:PutMetricAlarm with {odd[0]}")


def _check_action(arn: str) -> None:
    _demand(_ARN.fullmatch(arn) is not None, f"Invalid arn syntax: {arn}")
    if _TOPIC.fullmatch(arn) is None:
        raise UnsupportedLocally(f"the alarm action {arn}", reason="it knows SNS topics alone")


def _check_metric(params: Mapping[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        _demand(name in params, f"{name} is required when Metrics is not specified")
    exactly_one = ("Statistic" in params) != ("ExtendedStatistic" in params)
    _demand(exactly_one, "Exactly one of Statistic and ExtendedStatistic must be specified")
    extended = params.get("ExtendedStatistic")
    if extended is not None:
        known = extended not in STATISTICS and supported(extended)
        _demand(known, f"The value {extended} for ExtendedStatistic is not supported")
    _check_period(params["Period"])


def _check_metrics(queries: Sequence[Mapping[str, Any]]) -> None:
    ids = [query["Id"] for query in queries]
    _demand(len(set(ids)) == len(ids), "The Ids of Metrics must be unique")
    returned = [query for query in queries if query.get("ReturnData", True)]
    _demand(len(returned) == 1, "Exactly one element of the metrics list should return data")
    for query in queries:
        _demand(_ID.fullmatch(query["Id"]) is not None, f"Invalid metrics list: Id {query['Id']} is not valid")
        both = ("MetricStat" in query) != ("Expression" in query)
        _demand(both, f"Invalid metrics list: {query['Id']} must have exactly one of MetricStat and Expression")
        if "MetricStat" in query:
            stat = query["MetricStat"]["Stat"]
            _demand(supported(stat), f"Invalid metrics list: the statistic {stat} is not supported")
            _check_period(query["MetricStat"]["Period"])
    _check_math(queries, returned[0]["Id"])


def _check_math(queries: Sequence[Mapping[str, Any]], returned: str) -> None:
    """See that the expressions make one time series of at most ten metrics; with no data, which shows it as well."""
    metrics = sum("MetricStat" in query for query in queries)
    _demand(metrics <= _MATH_METRICS, f"Invalid metrics list: more than {_MATH_METRICS} metrics")
    compiled = Queries(queries)
    values = compiled.values(lambda _, window: [None] * window.count, Window(0, compiled.period, 1))
    series = isinstance(values[returned], Series)
    _demand(series, f"Invalid metrics list: the result of {returned} is not a single time series")


def _check_missing_data(params: Mapping[str, Any]) -> None:
    treat = params.get("TreatMissingData", "missing")
    _demand(treat in _MISSING_DATA, f"TreatMissingData {treat} is not one of {', '.join(_MISSING_DATA)}")
    low = params.get("EvaluateLowSampleCountPercentile", "evaluate")
    _demand(low in ("evaluate", "ignore"), f"Option {low} is not supported for EvaluateLowSampleCountPercentile")


def _check_period(seconds: int) -> None:
    allowed = seconds in _SHORT_PERIODS or (seconds > 0 and seconds % 60 == 0)
    _demand(allowed, "Valid values for Period are 10, 20, 30 and any multiple of 60")


def _check_range(periods: int, period_seconds: int) -> None:
    days = 7 if period_seconds >= _HOUR_SECONDS else 1
    limit = days * _DAY_SECONDS
    message = "Metrics cannot be checked across more than {} (EvaluationPeriods * Period must be <= {})"
    _demand(periods * period_seconds <= limit, message.format("a week" if days == 7 else "a day", limit))


def _period_seconds(params: Mapping[str, Any]) -> int:
    periods = [query["MetricStat"]["Period"] for query in params.get("Metrics", ()) if "MetricStat" in query]
    periods += [query["Period"] for query in params.get("Metrics", ()) if "Period" in query]
    return int(max([params.get("Period", 0), *periods]))


def _demand(condition: bool, message: str) -> None:
    if not condition:
        raise AwsError("ValidationError", message)
