"""The state of an alarm from its settings and its data: pure, so that a simulation evaluates as the cloud does.

AWS's documents behind it: "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data" and, for what they
leave open, the reading that stands where it is decided.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from local.cloudwatch.bucket import percentile_rank
from local.cloudwatch.expressions import Series
from local.cloudwatch.metrics import Lookup, Metric, Reading, Statistic, Window
from local.cloudwatch.queries import Queries
from local.cloudwatch.reasons import Evaluated, Evidence, reason, reason_data

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"

SHORT_PERIODS: Final = (10, 20, 30)
"""Periods of high-resolution alarms, in seconds."""

_MINUTE_SECONDS: Final = 60
_HOUR_SECONDS: Final = 3_600
_DAY_SECONDS: Final = 86_400
_SHORT_STEP_SECONDS: Final = 10
_EXTRA_PERIODS: Final = 2
"""The evaluation range is this much longer than the evaluation periods: 5 for 3 in AWS's tables."""

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Verdict:
    """A new state, with AWS's words for it; `data` is what StateReasonData holds as JSON."""

    state: str
    reason: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """What an alarm demands of its data: `demanded` of the last `periods` data points breach the threshold."""

    source: Statistic | Queries
    period: int
    periods: int
    demanded: int
    says_demanded: bool
    comparison: str
    threshold: float
    missing: str
    keeps_on_few_samples: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The rule in PutMetricAlarm's members, which `check_alarm` has passed."""
        queries = Queries(settings["Metrics"]) if "Metrics" in settings else None
        return cls(
            source=queries or _statistic(settings),
            period=queries.period if queries else settings["Period"],
            periods=settings["EvaluationPeriods"],
            demanded=settings.get("DatapointsToAlarm", settings["EvaluationPeriods"]),
            says_demanded="DatapointsToAlarm" in settings,
            comparison=settings["ComparisonOperator"],
            threshold=float(settings["Threshold"]),
            missing=settings.get("TreatMissingData", "missing"),
            keeps_on_few_samples=settings.get("EvaluateLowSampleCountPercentile") == "ignore",
        )

    @property
    def short(self) -> bool:
        """Whether it is evaluated every ten seconds and not every minute."""
        return self.period in SHORT_PERIODS

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that it looks at."""
        return (self.source.metric,) if isinstance(self.source, Statistic) else self.source.metrics

    def window(self, now: datetime) -> Window:
        """The evaluation range: periods that end at the last full minute, whatever the wall clock's hours are.

        Ten seconds instead of a minute for a short period; the last full hour if it spans more than a day.
        """
        step = _SHORT_STEP_SECONDS if self.short else _MINUTE_SECONDS
        if self.period * self.periods > _DAY_SECONDS:
            step = _HOUR_SECONDS
        end, count = int(now.timestamp()) // step * step, self.periods + _EXTRA_PERIODS
        return Window(end - count * self.period, self.period, count)


def evaluate(rule: Rule, lookup: Lookup, *, now: datetime, state: str) -> Verdict | None:
    """What an evaluation at `now` makes of an alarm in `state`; None when it stays as it is."""
    window = rule.window(now)
    readings = _readings(rule, lookup, window)
    compare = _COMPARISONS[rule.comparison]
    breaching = [None if reading is None else compare(reading.value, rule.threshold) for reading in readings]
    found = judge(breaching, rule=rule, state=state)
    if found == state or (rule.keeps_on_few_samples and _few_samples(rule, readings)):
        return None
    evidence = _evidence(rule, window, readings, breaching)
    return Verdict(found, reason(found, evidence), reason_data(evidence, now))


def judge(breaching: Sequence[bool | None], *, rule: Rule, state: str) -> str:
    """The state after an evaluation range, oldest first: does the data point breach, or is it missing (None)?

    Real data points come first, extra older ones too; what is then still lacking is filled as TreatMissingData says.
    """
    real = [one for one in breaching if one is not None]
    if len(real) >= rule.periods:
        return ALARM if sum(real[-rule.periods :]) >= rule.demanded else OK
    filled = rule.periods - len(real) if rule.missing == "breaching" else 0
    if sum(real) + filled >= rule.demanded:
        return ALARM
    if rule.missing in ("breaching", "notBreaching") or not all(real):
        return OK
    if not real:
        return INSUFFICIENT_DATA if rule.missing == "missing" else state
    # "Avoiding premature transitions": too few data points, all of which breach. The alarm rings when the oldest is as
    # old as the data points it demands; before that, and with "ignore", the guide names no state, so it stays.
    oldest = len(breaching) - list(breaching).index(True)
    return ALARM if rule.missing == "missing" and oldest >= rule.demanded else state


def _statistic(settings: Mapping[str, Any]) -> Statistic:
    name = settings.get("Statistic") or settings["ExtendedStatistic"]
    return Statistic(Metric.of(settings), name, settings.get("Unit"))


def _readings(rule: Rule, lookup: Lookup, window: Window) -> Sequence[Reading | None]:
    if isinstance(rule.source, Statistic):
        return lookup(rule.source, window)
    [returned] = [query.id for query in rule.source.asked if query.returned]
    series = rule.source.values(lookup, window)[returned]
    assert isinstance(series, Series)  # which `check_alarm` has made sure of
    return [None if point is None else Reading(point, 0) for point in series.points]


def _few_samples(rule: Rule, readings: Sequence[Reading | None]) -> bool:
    """Whether the newest percentile comes from too few samples ("Percentile-based alarms and low data samples")."""
    newest = next((reading for reading in reversed(readings) if reading is not None), None)
    rank = percentile_rank(rule.source.name) if isinstance(rule.source, Statistic) else None
    if newest is None or rank is None or not 0 < rank < 100:
        return False
    return newest.samples < 1000 / (100 - rank if rank >= 50 else rank)


def _evidence(
    rule: Rule, window: Window, readings: Sequence[Reading | None], breaching: Sequence[bool | None]
) -> Evidence:
    real = [
        Evaluated(window.start + number * window.period, reading.value, reading.samples, bool(breaching[number]))
        for number, reading in enumerate(readings)
        if reading is not None
    ]
    return Evidence(
        datapoints=tuple(real[-rule.periods :]),
        newest=window.end - window.period,
        period=rule.period,
        periods=rule.periods,
        demanded=rule.demanded if rule.says_demanded else None,
        comparison=rule.comparison,
        threshold=rule.threshold,
        missing=rule.missing,
        statistic=rule.source.name if isinstance(rule.source, Statistic) else None,
        unit=rule.source.unit if isinstance(rule.source, Statistic) else None,
    )
