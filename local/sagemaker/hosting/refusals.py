"""What UpdateEndpoint and its like refuse, in AWS's words where these are known.

Limits are those of the API reference ("TrafficRoutingConfig", "BlueGreenUpdatePolicy", "RollingUpdatePolicy") and of
the SageMaker Developer Guide, "Deployment guardrails: exclusions". Numbers and lengths that the service model limits,
ten alarms for instance, are refused before a request comes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import ValidationError
from local.sagemaker.hosting.fleet import Fleet
from local.sagemaker.hosting.plan import Counts, instances, plan, waits_seconds
from local.sagemaker.resources import Record

IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
_LARGEST_PERCENT = 50
_LEAST_PERCENT_LINEAR, _LEAST_PERCENT_ROLLING = 10, 5


def require_at_rest(endpoint: Record) -> None:
    """Refuse while a change is under way; the words are the same for every change, a deletion too."""
    if endpoint["EndpointStatus"] in IN_PROGRESS:
        raise ValidationError(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')


def require_updatable(endpoint: Record) -> None:
    """Refuse an endpoint that is changing, or whose creation has failed."""
    require_at_rest(endpoint)
    if endpoint["EndpointStatus"] == "Failed":
        arn = endpoint["EndpointArn"]
        raise ValidationError(f'Cannot update endpoint "{arn}" because its status is Failed: it can only be deleted.')


def served(fleet: Fleet | None, endpoint: Record) -> Fleet:
    """The fleet of an endpoint. Raises ValidationError when it has none: it is OutOfService, or being deleted."""
    if fleet is None:
        raise ValidationError(f'Cannot update endpoint "{endpoint["EndpointArn"]}": nothing of it serves any more.')
    return fleet


def require_one_policy(deployment: Mapping[str, Any]) -> None:
    """Refuse a DeploymentConfig with both policies."""
    if deployment.get("BlueGreenUpdatePolicy") and deployment.get("RollingUpdatePolicy"):
        raise ValidationError("Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified.")


def require_same_variants(endpoint: Record, config: Record) -> None:
    """Refuse a configuration with other variant names."""
    before = {variant["VariantName"] for variant in endpoint.get("ProductionVariants", [])}
    after = {variant["VariantName"] for variant in config["ProductionVariants"]}
    if before and before != after:
        name = config["EndpointConfigName"]
        raise ValidationError(
            f"The variant name(s) of endpoint configuration {name} ({', '.join(sorted(after))}) must be those of the "
            f"endpoint ({', '.join(sorted(before))})."
        )


def require_deployable(deployment: Mapping[str, Any], *, blue: Counts, green: Counts) -> None:
    """Refuse sizes, waits and variants with which a deployment between fleets of these sizes cannot go."""
    require_one_policy(deployment)
    rolling, blue_green = deployment.get("RollingUpdatePolicy"), deployment.get("BlueGreenUpdatePolicy")
    if rolling:
        _require_rolling(rolling, green)
    elif blue_green:
        _require_routing(blue_green["TrafficRoutingConfiguration"], green)
    limit = (rolling or blue_green or {}).get("MaximumExecutionTimeoutInSeconds")
    waits = waits_seconds(plan(deployment, blue=blue, green=green))
    if limit is not None and limit <= waits:
        raise ValidationError(
            "MaximumExecutionTimeoutInSeconds must be larger than the total waiting time specified in "
            f"TerminationWaitInSeconds and WaitIntervalInSeconds: {limit} is not larger than {waits}."
        )


def _require_routing(routing: Mapping[str, Any], green: Counts) -> None:
    kind = routing["Type"]
    member, least = {"CANARY": ("CanarySize", 0), "LINEAR": ("LinearStepSize", _LEAST_PERCENT_LINEAR)}.get(
        kind, ("", 0)
    )
    if not member:
        return
    if member not in routing:
        raise ValidationError(f"{member} must be specified for traffic routing type {kind}.")
    for name, count in green.items():
        _require_size(member, routing[member], (name, count), least_percent=least)


def _require_rolling(policy: Mapping[str, Any], green: Counts) -> None:
    if len(green) > 1:
        raise ValidationError("RollingUpdatePolicy is not supported for endpoints with multiple variants.")
    for name, count in green.items():
        _require_size(
            "MaximumBatchSize", policy["MaximumBatchSize"], (name, count), least_percent=_LEAST_PERCENT_ROLLING
        )


def _require_size(member: str, size: Mapping[str, Any], variant: tuple[str, int], *, least_percent: int) -> None:
    name, count = variant
    value = int(size["Value"])
    percent = value * 100 / count if size["Type"] == "INSTANCE_COUNT" else value
    # What a share is rounded to counts too: the one instance of an endpoint is all of it, and no part of it.
    taken = instances(size, count) * 100 / count
    if least_percent <= percent <= _LARGEST_PERCENT and taken <= _LARGEST_PERCENT:
        return
    allowed = f"{least_percent}-{_LARGEST_PERCENT}%" if least_percent else f"less than or equal to {_LARGEST_PERCENT}%"
    given = f"{value} instance(s)" if size["Type"] == "INSTANCE_COUNT" else f"{value}%"
    raise ValidationError(
        f"{member} must be {allowed} of the variant's total instance count: {given} of {count} instance(s) of "
        f"variant {name} is not."
    )
