"""The fleets behind an endpoint: which versions they run, what share of the traffic they take, how they fare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Connection
from env import canary, naming

WINDOW = timedelta(minutes=5)
"""How far back a fleet's requests are counted."""

_PERIOD_SECONDS = 60
_MICROSECONDS_PER_MILLISECOND = 1000
_BAKING = re.compile(r"Baking for (\d+) seconds?")
_WITHOUT_TRAFFIC = ("Creating", "Updating", "Deleting")
_STATISTICS = {
    "requests": ("Invocations", "Sum"),
    "errors": ("InvocationModelErrors", "Sum"),
    "p90": ("ModelLatency", "p90"),
}


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a fleet answered in the last minutes; `p90_ms` is that of the newest minute, None without requests."""

    requests: int
    errors: int
    p90_ms: float | None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """A fleet's part in an endpoint: `active` of `instances` take traffic, together `share` of it, 0 to 1.

    `role` is `serving`, or `new` for the fleet that a deployment brings.
    """

    role: str
    config: str
    active: int
    instances: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The instances of one endpoint config; `version` is None when the config or its model was deleted by hand."""

    capacity: Capacity
    version: int | None
    health: Health


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What a deployment is at: SageMaker's word for it, its sentence, and what is left of a bake in seconds."""

    status: str
    message: str
    left_seconds: float | None


def fleets(connection: Connection, endpoint: Mapping[str, Any], *, now: datetime) -> list[Fleet]:
    """The fleet that serves and, while a deployment is under way, the new one. `endpoint` as SageMaker describes it."""
    found = list[Fleet]()
    for capacity in capacities(endpoint, now=now):
        package = package_of(connection, capacity.config)
        version = int(package.rsplit("/", 1)[1]) if package else None
        health = _health(connection, endpoint["EndpointName"], capacity.config, now=now)
        found.append(Fleet(capacity=capacity, version=version, health=health))
    return found


def capacities(endpoint: Mapping[str, Any], *, now: datetime) -> list[Capacity]:
    """Who takes which share of an endpoint's traffic; the old fleet first."""
    old, pending = endpoint["EndpointConfigName"], endpoint.get("PendingDeploymentSummary")
    blue = _count(endpoint.get("ProductionVariants", []), "CurrentInstanceCount")
    if pending is None:
        return [Capacity(role="serving", config=old, active=blue, instances=blue, share=1.0)]
    variants = pending.get("ProductionVariants", [])
    if pending["EndpointConfigName"] == old:  # the first fleet of all
        return [
            Capacity(role="new", config=old, active=0, instances=_count(variants, "DesiredInstanceCount"), share=0.0)
        ]
    wanted = max(1, _count(variants, "DesiredInstanceCount"))
    idle = phase(endpoint, now=now).status in _WITHOUT_TRAFFIC
    green = 0 if idle else min(wanted, _count(variants, "CurrentInstanceCount"))
    left = canary.blue_active(green, green_count=wanted, blue_count=blue)
    share = canary.traffic_share(green_active=green, blue_active=left) if green + left else 0.0
    return [
        Capacity(role="serving", config=old, active=left, instances=blue, share=1 - share),
        Capacity(role="new", config=pending["EndpointConfigName"], active=green, instances=wanted, share=share),
    ]


def phase(endpoint: Mapping[str, Any], *, now: datetime) -> Phase:
    """What the deployment of an endpoint is at; the status is empty when there is none."""
    variants = endpoint.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    statuses = [status for variant in variants for status in variant.get("VariantStatus", [])]
    if not statuses:
        return Phase(status="", message="", left_seconds=None)
    newest = statuses[-1]
    bake, begun = _BAKING.search(newest.get("StatusMessage", "")), newest.get("StartTime")
    left = max(0.0, float(bake[1]) - (now - begun).total_seconds()) if bake and begun else None
    return Phase(status=newest["Status"], message=newest.get("StatusMessage", ""), left_seconds=left)


def package_of(connection: Connection, config: str) -> str | None:
    """The ARN of the package that an endpoint config serves, None when the config or its model is not there."""
    sagemaker = connection.client("sagemaker")
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
        model = sagemaker.describe_model(ModelName=described["ProductionVariants"][0]["ModelName"])
    except ClientError as error:
        if "Could not find" in str(error):  # somebody has deleted it, and the endpoint goes on without
            return None
        raise
    containers = model.get("Containers") or [model.get("PrimaryContainer", {})]
    package: str | None = containers[0].get("ModelPackageName")
    return package


def _count(variants: Sequence[Mapping[str, Any]], member: str) -> int:
    return sum(int(variant.get(member, 0)) for variant in variants)


def _health(connection: Connection, endpoint: str, config: str, *, now: datetime) -> Health:
    dimensions = {"EndpointName": endpoint, "VariantName": naming.VARIANT, "EndpointConfigName": config}
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    answer = connection.client("cloudwatch").get_metric_data(
        MetricDataQueries=[_query(name, metric, named, stat) for name, (metric, stat) in _STATISTICS.items()],
        StartTime=now - WINDOW,
        EndTime=now + timedelta(seconds=_PERIOD_SECONDS),
        ScanBy="TimestampDescending",
    )
    values = {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}
    return Health(
        requests=round(sum(values["requests"])),
        errors=round(sum(values["errors"])),
        p90_ms=values["p90"][0] / _MICROSECONDS_PER_MILLISECOND if values["p90"] else None,
    )


def _query(name: str, metric: str, dimensions: list[dict[str, str]], statistic: str) -> dict[str, Any]:
    measured = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": measured, "Period": _PERIOD_SECONDS, "Stat": statistic}}
