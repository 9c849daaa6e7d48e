"""What CloudWatch has counted of an endpoint and its new fleet, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lambdas.bake import Bake

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


@dataclass(frozen=True, kw_only=True)
class Minutes:
    """Requests per minute: the new fleet's since its deployment began, and the last two settled ones of all fleets.

    A minute without data points had no request: SageMaker publishes none then.
    """

    fleet: tuple[float, ...]
    requests: tuple[float, ...]
    probes: tuple[float, ...]


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
