"""A new fleet in a bake: what it has seen, minute by minute, and whether it may pass untested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lambdas.bake import Bake
from lambdas.records import Opened
from lambdas.sample import Row

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef

NAMESPACE, PROBES = "Sluice/Release", "Probes"
"""Our own metric: how many probes were sent to an endpoint (dimension EndpointName), so that traffic can be told."""

_VARIANT = "AllTraffic"
_MINUTE = timedelta(minutes=1)
_ARRIVAL = timedelta(minutes=1)
"""How long a minute's metrics may take to arrive after it has ended."""
_SETTLED = 2
_LAST_TICK = timedelta(seconds=75)
"""A bake is judged when it ends within this time: a tick comes every minute, and one may be late."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Whether a model's new fleet is probed, and the requests per minute below which its alarms do not judge it."""

    enabled: bool
    minimum_invocations: int


@dataclass(frozen=True, kw_only=True)
class Minutes:
    """Requests per minute: the new fleet's since its deployment began, and the last two settled ones of all fleets.

    A minute without data points had no request: SageMaker publishes none then.
    """

    fleet: tuple[float, ...]
    requests: tuple[float, ...]
    probes: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A new fleet in a bake: of which release, what it has seen so far, and what it can be probed with.

    `hindrance` says why there are no rows, empty where there are some.
    """

    release: Opened
    bake: Bake
    seen: Minutes
    rows: tuple[Row, ...]
    hindrance: str
    now: datetime


def untested(trial: Trial, *, minimum: int) -> str | None:
    """Why a new fleet must not pass the bake that ends now; None when it may, or when there is time left.

    A minute with fewer than `minimum` requests is judged by no alarm.
    """
    ends = trial.bake.ends
    if ends is None or ends - trial.now > _LAST_TICK:
        return None
    if max(trial.seen.fleet, default=0) >= minimum:
        return None
    reached = f"untested: {sum(trial.seen.fleet):.0f} requests reached the new fleet, never {minimum} in a minute"
    return f"{reached}; {trial.hindrance}" if trial.hindrance else reached


def measure(bake: Bake, *, endpoint: str, now: datetime, cloudwatch: CloudWatchClient) -> Minutes:
    """Count the requests (SageMaker Developer Guide, "Metrics for monitoring Amazon SageMaker AI with CloudWatch")."""
    minute = now.replace(second=0, microsecond=0)
    settled = [minute - _ARRIVAL - back * _MINUTE for back in range(_SETTLED, 0, -1)]
    dimensions = {"EndpointName": endpoint, "VariantName": _VARIANT}
    queries = [
        _query("requests", "AWS/SageMaker", "Invocations", dimensions),
        _query("fleet", "AWS/SageMaker", "Invocations", {**dimensions, "EndpointConfigName": bake.config}),
        _query("probes", NAMESPACE, PROBES, {"EndpointName": endpoint}),
    ]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries,
        StartTime=min(settled[0], bake.since.replace(second=0, microsecond=0)),
        EndTime=minute + _MINUTE,
    )
    found: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in queries}
    for page in pages:
        for result in page["MetricDataResults"]:
            found[result["Id"]] |= dict(zip(result["Timestamps"], result["Values"], strict=True))
    return Minutes(
        fleet=tuple(count for at, count in sorted(found["fleet"].items()) if at + _MINUTE > bake.since),
        requests=tuple(found["requests"].get(at, 0.0) for at in settled),
        probes=tuple(found["probes"].get(at, 0.0) for at in settled),
    )


def _query(query_id: str, namespace: str, metric: str, dimensions: dict[str, str]) -> MetricDataQueryTypeDef:
    named: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": named},
            "Period": 60,
            "Stat": "Sum",
        },
    }
