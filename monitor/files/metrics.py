"""Where the metrics of each monitor go: Model Monitor's namespaces, names and dimensions as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.judgement import Judgement, Metric, Monitor

_FAMILY: Final[Mapping[Monitor, str]] = {
    Monitor.DATA_QUALITY: "data-metrics",
    Monitor.MODEL_QUALITY: "model-metrics",
    Monitor.BIAS: "bias-metrics",
    Monitor.EXPLAINABILITY: "explainability-metrics",
    Monitor.BUSINESS: "business-metrics",
}
"""Business is ours; Model Monitor has no such kind."""

OURS: Final = "Sluice/Monitoring"
"""The namespace that the kit's alarms look at, with the dimensions Endpoint and Monitor."""
LARGEST: Final = 2.0**360
"""What Clarify publishes in place of infinity: the largest value that CloudWatch takes, about 2.348543e108."""


def namespace(monitor: Monitor, root: str) -> str:
    """``<root>/Endpoints/data-metrics`` and so on; AWS's own root is ``aws/sagemaker``, without a leading slash."""
    return f"{root}/Endpoints/{_FAMILY[monitor]}"


def dimensions(*, endpoint: str, schedule: str) -> dict[str, str]:
    """The dimensions that all metrics of Model Monitor have."""
    return {"Endpoint": endpoint, "MonitoringSchedule": schedule}


def data(name: str) -> tuple[str, str, str]:
    """The names of one feature's metrics: its distance from the baseline, its completeness, its values' mean."""
    return f"feature_baseline_drift_{name}", f"feature_non_null_{name}", f"feature_data_{name}"


def of_alarms(judgement: Judgement) -> tuple[Metric, ...]:
    """What the kit's alarms look at: violations, whether it could be judged at all, rows."""
    judged = judgement.outcome in ("completed", "completed_with_violations")
    return (
        Metric(name="Violations", value=len(judgement.violations), unit="Count"),
        Metric(name="Judged", value=float(judged), unit="Count"),
        Metric(name="Rows", value=judgement.rows, unit="Count"),
    )


def finite(value: float) -> float | None:
    """A value that CloudWatch takes: infinities as Clarify publishes them, NaN not at all (None)."""
    if value != value:
        return None
    return max(-LARGEST, min(LARGEST, value))
