"""The arithmetic of a guarded deployment: how many instances a step is, and how long all of it takes.

The sizes and their limits are those of the SageMaker Developer Guide, "Blue/Green Deployments". How SageMaker rounds a
share to whole instances is not documented: a share is taken here as the instances it fills, and as one at least.
"""

from __future__ import annotations

from collections.abc import Iterable

from env.errors import SingleInstanceError
from env.stage import AllAtOnce, Canary, Deployment, Linear, Serving

OBSERVATION_SECONDS = 180
"""How long metrics may take to arrive and an alarm to be evaluated: a bake lasts this much longer than its alarm."""


def least_instances(deployment: Deployment) -> int:
    """How many instances an endpoint needs at least, so that its traffic can be moved this way."""
    return 1 if isinstance(deployment, AllAtOnce) else 2


def steps(deployment: Deployment, *, instance_count: int) -> tuple[int, ...]:
    """How many instances of the new fleet take traffic after each step; the last number is the whole fleet.

    Raises SingleInstanceError when a part of one instance is asked for.
    """
    if instance_count < least_instances(deployment):
        raise SingleInstanceError(deployment.policy)
    match deployment:
        case AllAtOnce():
            return (instance_count,)
        case Canary(canary_percent=percent):
            return (_instances(percent, instance_count), instance_count)
        case Linear(step_percent=percent):
            size = _instances(percent, instance_count)
            return (*range(size, instance_count, size), instance_count)


def blue_active(green_active: int, *, green_count: int, blue_count: int) -> int:
    """How many instances of the old fleet still take traffic while that many of the new one do.

    The new fleet's instances replace the same portion of the old fleet, in a canary as in a linear step: during a bake
    both fleets are partially active (SageMaker Developer Guide, "Canary Traffic Shifting", "Linear Traffic Shifting").
    Whole instances; one at least until the whole new fleet is active.
    """
    return blue_count - blue_count * green_active // green_count


def traffic_share(*, green_active: int, blue_active: int) -> float:
    """The share of requests, 0 to 1, that the new fleet takes: its active instances among all that are active.

    Each request is routed by chance, and a variant's weight says nothing of it: the guide's sample shows weight 1 on
    both fleets during a canary (SageMaker Developer Guide, "Automating Amazon SageMaker with Amazon EventBridge").
    Raises ValueError when no instance is active.
    """
    if green_active + blue_active <= 0:
        raise ValueError("no instance is active, so no fleet takes a share of the traffic")
    return green_active / (green_active + blue_active)


def waits_seconds(serving: Serving) -> int:
    """The sum of all bakes in seconds, the longest there can be where autoscaling chooses the number of instances.

    A linear deployment takes as many steps as its instances make: seven instances by 20 % are seven steps of one.
    """
    deployment = serving.deployment
    match deployment:
        case AllAtOnce():
            return deployment.final_bake_seconds
        case Canary():
            return deployment.bake_seconds + deployment.final_bake_seconds
        case Linear():
            counts = [count for count in _counts(serving) if count >= least_instances(deployment)]
            most = max((len(steps(deployment, instance_count=count)) for count in counts), default=1)
            return most * deployment.bake_seconds + deployment.final_bake_seconds


def least_bake_seconds(*, minutes: int) -> int:
    """How long a bake must last at least, so that an alarm that needs so many bad minutes can ring within it."""
    return minutes * 60 + OBSERVATION_SECONDS


def _counts(serving: Serving) -> Iterable[int]:
    """How many instances the endpoint may have when a deployment begins."""
    scaling = serving.autoscaling
    return range(scaling.minimum, scaling.maximum + 1) if scaling else (serving.instance_count,)


def _instances(percent: int, instance_count: int) -> int:
    return max(1, instance_count * percent // 100)
