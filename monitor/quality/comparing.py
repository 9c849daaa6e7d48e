"""Holds measured values to limits, or to the baseline where chance does not explain the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from monitor.judgement import Violation
from monitor.policy import Limit, QualityPolicy
from monitor.quality import documents
from monitor.quality.classification import CERTAIN
from monitor.quality.documents import Reference
from monitor.quality.facts import Measure
from monitor.quality.labelled import BadQuality
from monitor.quality.metrics import COMPARED, names
from monitor.significance import above, holm


def limits(policy: QualityPolicy, constraints: Mapping[str, Any] | None) -> Mapping[str, Limit]:
    """Metric → limit, from a constraints.json when it is given, else of the policy; BadQuality for unknown metrics."""
    if constraints is not None:
        return documents.limits(constraints, kind=policy.kind)
    unknown = sorted(set(policy.limits) - set(names(policy.kind)))
    if unknown:
        known = ", ".join(names(policy.kind))
        raise BadQuality(f"Limit {unknown[0]!r} is no metric of {policy.kind}; there are {known}.")
    return policy.limits


@dataclass(frozen=True, kw_only=True)
class Standard:
    """What the metrics of a window are held to: limits where there are any, else the baseline."""

    kind: str
    limits: Mapping[str, Limit]
    reference: Reference
    rows: int
    """Of the window."""
    rate: float
    """The largest chance of a violation where nothing has changed, over all metrics held to the baseline."""

    @property
    def exists(self) -> bool:
        """Whether there is anything to hold a metric to."""
        return bool(self.limits) or any(name in COMPARED[self.kind] for name in self.reference.values)

    def judged(self, values: Mapping[str, float], deviations: Mapping[str, float]) -> tuple[Measure, ...]:
        """The metrics that can be told, violated ones first, then judged ones."""
        measures = [
            self._measure(name, values[name], deviations[name])
            for name in names(self.kind)
            if math.isfinite(values[name])
        ]
        if self.limits:
            measures = [_limited(each, self.limits.get(each.name)) for each in measures]
        else:
            measures = self._compared(measures, deviations)
        return tuple(sorted(measures, key=lambda each: (not each.violated, not each.judged)))

    def _measure(self, name: str, value: float, deviation: float) -> Measure:
        named, low, high = names(self.kind)[name], None, None
        if math.isfinite(deviation):
            low = max(named.bounds[0], value - CERTAIN * deviation)
            high = min(named.bounds[1], value + CERTAIN * deviation)
        return Measure(
            name=name,
            title=named.title,
            value=value,
            better=named.better,
            low=low,
            high=high,
            baseline=self.reference.values.get(name),
        )

    def _compared(self, measures: list[Measure], deviations: Mapping[str, float]) -> list[Measure]:
        chances = {
            each.name: self._chance(each, deviations[each.name])
            for each in measures
            if each.baseline is not None and each.name in COMPARED[self.kind] and math.isfinite(deviations[each.name])
        }
        corrected = dict(zip(chances, holm(list(chances.values())), strict=True))
        return [
            replace(each, judged=True, violated=corrected[each.name] <= self.rate, p_value=corrected[each.name])
            if each.name in corrected
            else each
            for each in measures
        ]

    def _chance(self, measure: Measure, deviation: float) -> float:
        """How likely two samples of one source differ by at least as much, in the direction that is worse."""
        before = measure.value if measure.baseline is None else measure.baseline
        worse = before - measure.value if measure.better == "higher" else measure.value - before
        if worse <= 0:
            return 1.0
        # If nothing has changed, the baseline's spread is this window's but for its size: what a file says may be of
        # another kind, as Model Monitor's, which is that of five samples of 80 %.
        scaled = deviation * math.sqrt(self.rows / self.reference.rows) if self.reference.rows else 0.0
        both = math.hypot(deviation, max(scaled, self.reference.deviations.get(measure.name, 0.0)))
        return above(worse / both) if both else 0.0


def _limited(measure: Measure, limit: Limit | None) -> Measure:
    if limit is None:
        return measure
    below = limit.at_least is not None and measure.value < limit.at_least
    above = limit.at_most is not None and measure.value > limit.at_most
    return replace(measure, at_least=limit.at_least, at_most=limit.at_most, judged=True, violated=below or above)


def violation(measure: Measure, rows: int) -> Violation:
    """What is said of a metric that is violated."""
    below = measure.better == "higher" if _limit(measure) is None else _is_below(measure)
    threshold = measure.baseline if _limit(measure) is None else _limit(measure)
    limit = f"the limit is at {'least' if below else 'most'} {short(threshold)}"
    if _limit(measure) is None:
        limit = f"the baseline's is {short(threshold)}; chance makes it so much worse with p = {measure.p_value:.2g}"
    value = f"{short(measure.value)}{_interval(measure)}"
    return Violation(
        feature=measure.name,
        check=documents.LESS if below else documents.GREATER,
        description=f"{measure.title} ({measure.name}) is {value} over {rows:,} labelled rows; {limit}.",
        value=measure.value,
        threshold=threshold,
        p_value=measure.p_value,
    )


def _is_below(measure: Measure) -> bool:
    return measure.at_least is not None and measure.value < measure.at_least


def _limit(measure: Measure) -> float | None:
    """The limit that decides; None where the baseline does."""
    return measure.at_least if _is_below(measure) else measure.at_most


def _interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return ""
    return f" (95 % interval {short(measure.low)} to {short(measure.high)})"


def short(value: float | None) -> str:
    """A number in four digits; "unknown" for none."""
    return "unknown" if value is None else f"{value:.4g}"
