"""Ways to release: ours, none at all, and two that AWS's own samples show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from blast import ours
from blast.world import SERVING

Alarms = Callable[[str, str], list[dict[str, Any]]]
"""PutMetricAlarm's members, for the name of an endpoint and of its new configuration."""

VARIANT = "AllTraffic"


@dataclass(frozen=True)
class Policy:
    """A way to release: UpdateEndpoint's DeploymentConfig but for the alarms, and the alarms."""

    name: str
    title: str
    deployment: Callable[[], dict[str, Any]]
    alarms: Alarms

    def config(self, names: list[str]) -> dict[str, Any]:
        """The DeploymentConfig with alarms of these names."""
        watched = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in names]}} if names else {}
        return {**self.deployment(), **watched}


def _of_5xx(statistic: str) -> Alarms:
    """AWS's alarm on both fleets together: one minute in which a statistic of the 5xx answers reaches one."""

    def alarms(endpoint: str, config: str) -> list[dict[str, Any]]:
        dimensions = {"EndpointName": endpoint, "VariantName": VARIANT}
        return [
            {
                "AlarmName": f"{config}-5xx",
                "Namespace": "AWS/SageMaker",
                "MetricName": "Invocation5XXErrors",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Statistic": statistic,
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1.0,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
            }
        ]

    return alarms


def _guarded() -> dict[str, Any]:
    return ours.deployment(SERVING)


def _unguarded() -> dict[str, Any]:
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 0}}


OURS = Policy("ours", "our defaults", _guarded, lambda e, c: ours.alarms(SERVING, endpoint=e, config=c))
ALL_AT_ONCE = Policy("all_at_once", "all at once, no alarms", _unguarded, lambda endpoint, config: [])
SAMPLE = Policy("sample", "AWS's sample: Average ≥ 1", _guarded, _of_5xx("Average"))
RAW_SUM = Policy("raw_sum", "raw Sum ≥ 1", _guarded, _of_5xx("Sum"))
POLICIES = (OURS, ALL_AT_ONCE, SAMPLE, RAW_SUM)
"""What ours is compared with has our canary where it has alarms, so that the alarms alone differ."""
