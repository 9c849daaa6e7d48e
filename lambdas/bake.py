"""A deployment's bake as DescribeEndpoint tells it: which fleet is on trial, its share of the traffic, until when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bake:
    """A new fleet that takes traffic under watch.

    `config` is its endpoint config, `share` its part of the requests, 0 to 1; `since` is when its deployment began,
    `ends` when this bake is over, None where SageMaker does not say how long it lasts.
    """

    config: str
    share: float
    since: datetime
    ends: datetime | None


def of(endpoint: Mapping[str, Any]) -> Bake | None:
    """The bake that an endpoint is in, None when it is in none.

    Shapes: SageMaker API Reference, "PendingDeploymentSummary", "ProductionVariantStatus", "BlueGreenUpdatePolicy".
    """
    pending = endpoint.get("PendingDeploymentSummary", {})
    variants = pending.get("ProductionVariants", [])
    statuses = [status for variant in variants for status in variant.get("VariantStatus", [])]
    baking = next((status for status in statuses if status["Status"] == "Baking"), None)
    if baking is None:
        return None
    active, wanted = (_sum(variants, f"{word}InstanceCount") for word in ("Current", "Desired"))
    seconds, began = _seconds(baking, endpoint, whole=active >= wanted), baking.get("StartTime")
    return Bake(
        config=pending["EndpointConfigName"],
        share=_share(active, wanted, old=_sum(endpoint.get("ProductionVariants", []), "CurrentInstanceCount")),
        since=pending["StartTime"],
        ends=None if began is None or seconds is None else began + timedelta(seconds=seconds),
    )


def _share(active: int, wanted: int, *, old: int) -> float:
    """The new fleet's part of the active instances; once it is whole, the old one takes no traffic any more.

    The old fleet's number may still count instances that a canary has replaced: the share is then taken for smaller
    than it is, and more probes are sent than needed.
    """
    return 1.0 if active >= wanted else active / (active + old)


def _seconds(baking: Mapping[str, Any], endpoint: Mapping[str, Any], *, whole: bool) -> int | None:
    """How long the bake lasts: as its message says, else as the deployment was asked for."""
    if said := re.search(r"Baking for (\d+) seconds", baking.get("StatusMessage", "")):
        return int(said[1])
    policy = endpoint.get("LastDeploymentConfig", {}).get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {})
    wait: int | None = policy.get("TerminationWaitInSeconds") if whole else routing.get("WaitIntervalInSeconds")
    return wait


def _sum(variants: list[Mapping[str, Any]], member: str) -> int:
    return sum(int(variant.get(member, 0)) for variant in variants)
