"""What a deployment does, step by step: arithmetic over a DeploymentConfig and the sizes of both fleets, no processes.

Phases and sizes are those of the SageMaker Developer Guide, "Blue/Green Deployments" and "Use rolling deployments". A
canary or a linear step is a part of the new fleet (green) and replaces the same part of the old one (blue): both are
partially active while it bakes. How SageMaker rounds a percentage to instances is not documented: taken here are the
instances it fills, one at least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from env import canary

Counts = Mapping[str, int]
"""Instances by variant name."""


@dataclass(frozen=True)
class Capacity:
    """One variant's instances in a step: how many there are of each fleet, and how many of these take traffic."""

    green: int
    blue: int
    green_active: int
    blue_active: int


@dataclass(frozen=True)
class Step:
    """A shift of traffic, and the bake that follows it."""

    variants: Mapping[str, Capacity]
    bake_seconds: int

    @property
    def full(self) -> bool:
        """Whether the whole new fleet takes traffic, and the old one none."""
        return not any(capacity.blue_active for capacity in self.variants.values())


def plan(deployment: Mapping[str, Any], *, blue: Counts, green: Counts) -> tuple[Step, ...]:
    """The steps of a deployment in the shape of UpdateEndpoint's DeploymentConfig; an empty one moves all at once.

    `blue` and `green` have the same variants. Before a step, instances that it has no more are terminated and those
    that it has in addition are launched; after the last one the old fleet is terminated.
    """
    if "RollingUpdatePolicy" in deployment:
        return _rolling(deployment["RollingUpdatePolicy"], blue=blue, green=green)
    policy = deployment.get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    final_bake = int(policy.get("TerminationWaitInSeconds", 0))
    activations = {name: _activations(routing, count) for name, count in green.items()}
    step_count = max(len(counts) for counts in activations.values())
    steps = [
        Step(
            {
                name: _blue_green(counts[min(number, len(counts) - 1)], blue=blue[name], green=green[name])
                for name, counts in activations.items()
            },
            bake_seconds=int(routing.get("WaitIntervalInSeconds", 0)),
        )
        for number in range(step_count)
    ]
    if routing["Type"] == "LINEAR":  # the last of its steps bakes as the others do, and then for the last time
        return (*steps, Step(steps[-1].variants, final_bake)) if final_bake else tuple(steps)
    return (*steps[:-1], Step(steps[-1].variants, final_bake))


def way_back(deployment: Mapping[str, Any], *, at: Step, blue: Counts) -> tuple[Step, ...]:
    """The steps that undo a deployment which has come to `at`; after the last one the new fleet is terminated.

    All traffic returns at once, except after rolling updates with a RollbackMaximumBatchSize below 100 %. No bakes.
    """
    size = deployment.get("RollingUpdatePolicy", {}).get("RollbackMaximumBatchSize")
    if size is None:
        return (Step({name: _returned(capacity, blue[name]) for name, capacity in at.variants.items()}, 0),)
    ((name, capacity),) = at.variants.items()
    batch, steps = instances(size, blue[name]), []
    while capacity.green_active or capacity.blue_active < blue[name]:
        active = max(0, capacity.green_active - batch)
        old = min(blue[name], capacity.blue_active + batch) if active else blue[name]
        capacity = Capacity(green=capacity.green_active, blue=old, green_active=active, blue_active=old)
        steps.append(Step({name: capacity}, 0))
    return tuple(steps)


def waits_seconds(steps: tuple[Step, ...]) -> int:
    """The sum of all bakes in seconds."""
    return sum(step.bake_seconds for step in steps)


def instances(size: Mapping[str, Any], count: int) -> int:
    """How many of `count` instances a CapacitySize is: one at least, all at most."""
    value = int(size["Value"])
    wanted = value if size["Type"] == "INSTANCE_COUNT" else count * value // 100
    return min(count, max(1, wanted))


def _activations(routing: Mapping[str, Any], count: int) -> tuple[int, ...]:
    """How many instances of the new fleet take traffic after each step."""
    if routing["Type"] == "CANARY":
        return (instances(routing["CanarySize"], count), count)
    if routing["Type"] == "LINEAR":
        size = instances(routing["LinearStepSize"], count)
        return (*range(size, count, size), count)
    return (count,)


def _blue_green(active: int, *, blue: int, green: int) -> Capacity:
    left = canary.blue_active(active, green_count=green, blue_count=blue)
    return Capacity(green=green, blue=blue, green_active=active, blue_active=left)


def _rolling(policy: Mapping[str, Any], *, blue: Counts, green: Counts) -> tuple[Step, ...]:
    ((name, count),) = green.items()  # rolling updates have one variant ("Exclusions")
    size = instances(policy["MaximumBatchSize"], count)
    steps, before = [], blue[name]
    for active in (*range(size, count, size), count):
        left = canary.blue_active(active, green_count=count, blue_count=blue[name])
        capacity = Capacity(green=active, blue=before, green_active=active, blue_active=left)
        steps.append(Step({name: capacity}, int(policy["WaitIntervalInSeconds"])))
        before = left
    return tuple(steps)


def _returned(capacity: Capacity, blue: int) -> Capacity:
    return Capacity(green=capacity.green, blue=blue, green_active=0, blue_active=blue)
