"""Deployment policies: which are valid, which this cloud runs, and how an endpoint's variants look on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.resources import Record


@dataclass(frozen=True)
class Kept:
    """Variant properties that an update takes over from the running endpoint (`RetainAllVariantProperties`)."""

    weights: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    capture: Mapping[str, Any] | None = None
    keeps_capture: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], endpoint: Record, *, capture: Mapping[str, Any] | None) -> Kept:
        """What an UpdateEndpoint request keeps; `capture` is the DataCaptureConfig that holds now."""
        if not params.get("RetainAllVariantProperties"):
            return cls()
        excluded = {entry["VariantPropertyType"] for entry in params.get("ExcludeRetainedVariantProperties", [])}
        return cls(
            weights={} if "DesiredWeight" in excluded else _by_variant(endpoint, "DesiredWeight"),
            counts={} if "DesiredInstanceCount" in excluded else _by_variant(endpoint, "DesiredInstanceCount"),
            capture=capture,
            keeps_capture="DataCaptureConfig" not in excluded,
        )


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


def variant_summaries(config: Record, kept: Kept) -> list[dict[str, Any]]:
    """The variants of a running configuration, as DescribeEndpoint shows them."""
    summaries = []
    for variant in config["ProductionVariants"]:
        name = variant["VariantName"]
        count = kept.counts.get(name, variant.get("InitialInstanceCount", 1))
        weight = kept.weights.get(name, variant["InitialVariantWeight"])
        summaries.append(
            {
                "VariantName": name,
                "CurrentWeight": weight,
                "DesiredWeight": weight,
                "CurrentInstanceCount": count,
                "DesiredInstanceCount": count,
            }
        )
    return summaries


def capture_summary(capture: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A DataCaptureConfig as DescribeEndpoint shows it."""
    if capture is None:
        return None
    enabled = bool(capture.get("EnableCapture"))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId"),
    }


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


def _by_variant(endpoint: Record, member: str) -> dict[str, Any]:
    return {variant["VariantName"]: variant[member] for variant in endpoint.get("ProductionVariants", [])}
