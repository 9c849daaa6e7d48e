"""What this cloud scales, and what it refuses by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from local.errors import UnsupportedLocally, ValidationError
from local.roles import Clients

_NAMESPACE: Final = "sagemaker"
_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
_METRIC: Final = "SageMakerVariantInvocationsPerInstance"
_RESOURCE: Final = re.compile(r"endpoint/[^/]+/variant/[^/]+")
_TRACKING: Final = "TargetTrackingScalingPolicyConfiguration"


def check_place(params: Mapping[str, Any]) -> None:
    """Refuse what is no variant of an endpoint: other services and dimensions by name, a wrong resource as AWS does."""
    if params["ServiceNamespace"] != _NAMESPACE:
        raise UnsupportedLocally(f"the service namespace {params['ServiceNamespace']} of Application Auto Scaling")
    if params.get("ScalableDimension", _DIMENSION) != _DIMENSION:
        raise UnsupportedLocally(f"the scalable dimension {params['ScalableDimension']}")
    if "ResourceId" in params and not _RESOURCE.fullmatch(params["ResourceId"]):
        raise ValidationError(f"Unsupported service namespace, resource type or scalable dimension: {dict(params)}")


def check_variant(caller: Clients, *, endpoint: str, variant: str) -> None:
    """Raise ValidationError unless the endpoint is there, has the variant, and the caller may see it."""
    try:
        found = caller.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        raise ValidationError(error.response["Error"]["Message"]) from error
    names = [summary["VariantName"] for summary in found.get("ProductionVariants", [])]
    if names and variant not in names:
        raise ValidationError(f"Endpoint {endpoint} has no variant {variant}.")


def check_policy(params: Mapping[str, Any]) -> None:
    """Refuse policies other than target tracking of invocations per instance, by name."""
    kind = params.get("PolicyType", "StepScaling")
    if kind != "TargetTrackingScaling":
        raise UnsupportedLocally(f"the policy type {kind} of Application Auto Scaling")
    if _TRACKING not in params:
        raise ValidationError(f"{_TRACKING} must be specified for the policy type TargetTrackingScaling.")
    configuration = params[_TRACKING]
    if "CustomizedMetricSpecification" in configuration:
        raise UnsupportedLocally("a CustomizedMetricSpecification in a target tracking policy")
    metric = configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if metric is None:
        raise ValidationError("PredefinedMetricSpecification must be specified.")
    if metric != _METRIC:
        raise UnsupportedLocally(f"the metric {metric} in a target tracking policy")
    if configuration["TargetValue"] <= 0:
        raise ValidationError("TargetValue must be greater than 0.")
