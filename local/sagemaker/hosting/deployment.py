"""Deployment policies: which are valid, which this cloud runs, and how an endpoint's variants look on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.resources import Record

_RETAINABLE = frozenset({"DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"})


def require_supported(deployment: Mapping[str, Any]) -> None:
    """Refuse what AWS refuses (ValidationError), and what this cloud cannot do yet (UnsupportedLocally)."""
    blue_green, rolling = deployment.get("BlueGreenUpdatePolicy"), deployment.get("RollingUpdatePolicy")
    if blue_green and rolling:
        raise ValidationError("Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified.")
    if rolling:
        raise UnsupportedLocally("RollingUpdatePolicy", reason="it updates endpoints ALL_AT_ONCE")
    if blue_green:
        kind = blue_green["TrafficRoutingConfiguration"]["Type"]
        if kind != "ALL_AT_ONCE":
            raise UnsupportedLocally(f"traffic routing {kind}", reason="it updates endpoints ALL_AT_ONCE")


def termination_wait_seconds(deployment: Mapping[str, Any]) -> int:
    """How long both fleets stay after the traffic has moved: the bake."""
    policy = deployment.get("BlueGreenUpdatePolicy", {})
    return int(policy.get("TerminationWaitInSeconds", 0))


def require_same_variants(endpoint: Record, config: Record) -> None:
    """Refuse a configuration with other variant names (Developer Guide, "Deployment guardrails: exclusions")."""
    before = {variant["VariantName"] for variant in endpoint.get("ProductionVariants", [])}
    after = {variant["VariantName"] for variant in config["ProductionVariants"]}
    if before and before != after:
        name = config["EndpointConfigName"]
        raise ValidationError(
            f"The variant name(s) of endpoint configuration {name} ({', '.join(sorted(after))}) must be those of the "
            f"endpoint ({', '.join(sorted(before))})."
        )


def retained(params: Mapping[str, Any], what: str) -> bool:
    """Whether an update keeps a variant property of the running endpoint (`RetainAllVariantProperties`)."""
    assert what in _RETAINABLE, f"{what} is no variant property"
    excluded = {entry["VariantPropertyType"] for entry in params.get("ExcludeRetainedVariantProperties", [])}
    return bool(params.get("RetainAllVariantProperties")) and what not in excluded


def variant_summaries(
    config: Record, *, weights: Mapping[str, float], counts: Mapping[str, int], running: bool
) -> list[dict[str, Any]]:
    """The variants as DescribeEndpoint shows them: what runs, and what is wanted."""
    summaries = []
    for variant in config["ProductionVariants"]:
        name = variant["VariantName"]
        count = counts.get(name, variant.get("InitialInstanceCount", 1))
        weight = weights.get(name, variant["InitialVariantWeight"])
        summaries.append(
            {
                "VariantName": name,
                "CurrentWeight": weight if running else 0.0,
                "DesiredWeight": weight,
                "CurrentInstanceCount": count if running else 0,
                "DesiredInstanceCount": count,
            }
        )
    return summaries


def pending_summary(
    config: Record, summaries: list[dict[str, Any]], *, started: datetime, status: str, message: str, now: datetime
) -> dict[str, Any]:
    """A PendingDeploymentSummary whose variants are all in one state; `{count}` in the message is theirs."""
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in config["ProductionVariants"]}
    variants = [
        {
            **summary,
            "InstanceType": types[summary["VariantName"]],
            "VariantStatus": [
                {
                    "Status": status,
                    "StatusMessage": message.format(count=summary["DesiredInstanceCount"]),
                    "StartTime": now,
                }
            ],
        }
        for summary in summaries
    ]
    return {"EndpointConfigName": config["EndpointConfigName"], "StartTime": started, "ProductionVariants": variants}
