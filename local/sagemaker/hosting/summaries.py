"""How an endpoint's variants look in DescribeEndpoint and in its events, at rest and on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.sagemaker.hosting.plan import Counts
from local.sagemaker.resources import Record

Summary = dict[str, Any]


def variant_summaries(weights: Mapping[str, float], counts: Counts) -> list[Summary]:
    """The variants of an endpoint at rest."""
    return [
        {
            "VariantName": name,
            "CurrentWeight": weights[name],
            "DesiredWeight": weights[name],
            "CurrentInstanceCount": count,
            "DesiredInstanceCount": count,
        }
        for name, count in counts.items()
    ]


def with_counts(summaries: list[Summary], current: Counts) -> list[Summary]:
    """Summaries with other current instance counts."""
    return [{**summary, "CurrentInstanceCount": current[summary["VariantName"]]} for summary in summaries]


def with_status(summaries: list[Summary], status: str, messages: Mapping[str, str], *, at: datetime) -> list[Summary]:
    """Summaries of variants that are in one stage since `at`, each with its message."""
    return [
        {
            **summary,
            "VariantStatus": [{"Status": status, "StatusMessage": messages[summary["VariantName"]], "StartTime": at}],
        }
        for summary in summaries
    ]


def pending_summary(config: Record, summaries: list[Summary], *, started: datetime) -> Summary:
    """A PendingDeploymentSummary."""
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in config["ProductionVariants"]}
    variants = [{**summary, "InstanceType": types[summary["VariantName"]]} for summary in summaries]
    return {"EndpointConfigName": config["EndpointConfigName"], "StartTime": started, "ProductionVariants": variants}


def capture_summary(capture: Mapping[str, Any] | None) -> Summary | None:
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
