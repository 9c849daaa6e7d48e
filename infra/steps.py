"""The steps of a compiled pipeline: which there are, and where each says on what it runs and in which network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from env.stage import Network, Training

Step = dict[str, Any]

_BRANCHES = ("IfSteps", "ElseSteps")


def every(steps: Iterable[Step]) -> Iterator[Step]:
    """All steps, those in the branches of conditions too."""
    for step in steps:
        yield step
        arguments = step.get("Arguments", {})
        for branch in _BRANCHES:
            yield from every(arguments.get(branch, []))


def place(step: Step, training: Training, network: Network | None) -> None:
    """Put a step's jobs on the stage's instances and into its network."""
    for cluster in clusters(step):
        if isinstance(cluster.get("InstanceType"), str):
            cluster["InstanceType"] = training.instance_type
    if network is None:
        return
    for owner in _networks(step):
        owner["VpcConfig"] = {
            "SecurityGroupIds": list(network.security_groups),
            "Subnets": list(network.subnets),
        }


def clusters(step: Step) -> list[Step]:
    """Where a step says of which type its instances are, as texts or as references; empty for steps without."""
    find = _CLUSTERS.get(step["Type"])
    return [place for place in find(step.get("Arguments", {})) if "InstanceType" in place] if find else []


def _processing(arguments: Step) -> Iterator[Step]:
    yield arguments.get("ProcessingResources", {}).get("ClusterConfig", {})


def _training(arguments: Step) -> Iterator[Step]:
    resources = arguments.get("ResourceConfig", {})
    yield from (resources, *resources.get("InstanceGroups", []))


def _transform(arguments: Step) -> Iterator[Step]:
    yield arguments.get("TransformResources", {})


def _tuning(arguments: Step) -> Iterator[Step]:
    for definition in _trials(arguments):
        yield from _training(definition)
        resources = definition.get("HyperParameterTuningResourceConfig", {})
        yield from (resources, *resources.get("InstanceConfigs", []))


def _trials(arguments: Step) -> list[Step]:
    """The definitions of the training jobs that a tuning job tries."""
    single = arguments.get("TrainingJobDefinition")
    return [*([single] if single is not None else []), *arguments.get("TrainingJobDefinitions", [])]


_CLUSTERS: Mapping[str, Callable[[Step], Iterator[Step]]] = {
    "ClarifyCheck": _processing,
    "Processing": _processing,
    "QualityCheck": _processing,
    "Training": _training,
    "Transform": _transform,
    "Tuning": _tuning,
}


def _networks(step: Step) -> list[Step]:
    """What of a step has a member VpcConfig: a transform runs in the network of its model."""
    arguments = step.setdefault("Arguments", {})
    match step["Type"]:
        case "Processing" | "QualityCheck" | "ClarifyCheck":
            return [arguments.setdefault("NetworkConfig", {})]
        case "Training" | "Model":
            return [arguments]
        case "Tuning":
            return _trials(arguments)
        case _:
            return []
