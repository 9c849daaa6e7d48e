"""What a CreateHyperParameterTuningJob request asks for, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.resources import Record
from local.sagemaker.tuning.ranges import Choice, Space, space

OBJECTIVE_PARAMETER: Final = "_tuning_objective_metric"
"""The hyperparameter by which every training job of a tuning job is told the metric (Developer Guide, "Define
Hyperparameter Ranges")."""
STRATEGIES: Final = ("Bayesian", "Grid", "Random")
_MOST_PARAMETERS: Final = 100


@dataclass(frozen=True)
class Objective:
    """The metric that is searched for."""

    metric: str
    maximize: bool

    def better(self, one: float, other: float) -> bool:
        """Whether a value is better than another."""
        return one > other if self.maximize else one < other


@dataclass(frozen=True)
class Definition:
    """A training job definition: what its trials have in common, and where they are searched."""

    name: str
    objective: Objective
    space: Space
    body: Mapping[str, Any]


def definitions(params: Record) -> list[Definition]:
    """The training job definitions of a tuning job: one without a name, or several. Raises ValidationError."""
    config, single = params["HyperParameterTuningJobConfig"], params.get("TrainingJobDefinition")
    several = params.get("TrainingJobDefinitions", [])
    if (single is None) == (not several):
        raise ValidationError("Give either TrainingJobDefinition or TrainingJobDefinitions.")
    if single is not None:
        objective = config.get("HyperParameterTuningJobObjective") or single.get("TuningObjective")
        ranges = config.get("ParameterRanges") or single.get("HyperParameterRanges")
        return [_definition(single, objective, ranges)]
    found = [_definition(each, each.get("TuningObjective"), each.get("HyperParameterRanges")) for each in several]
    names = [each.name for each in found]
    if len(set(names)) < len(names) or not all(names):
        raise ValidationError("Each of several TrainingJobDefinitions needs a DefinitionName of its own.")
    return found


def check(params: Record) -> None:
    """Refuse by name what is not searched here, and by AWS's rules what cannot be."""
    config = params["HyperParameterTuningJobConfig"]
    for what, reason in _not_here(params):
        raise UnsupportedLocally(f"{what} of tuning jobs", reason=reason)
    limits, found = config["ResourceLimits"], definitions(params)
    most = limits.get("MaxNumberOfTrainingJobs")
    if config["Strategy"] == "Grid":
        _check_grid(found, most)
    elif most is None and "MaxRuntimeInSeconds" not in limits:
        raise ValidationError("ResourceLimits needs MaxNumberOfTrainingJobs or MaxRuntimeInSeconds.")
    if len(found) > 1:
        _check_several(params)
    for each in found:
        _check_parameters(each)


def total(params: Record) -> float:
    """How many training jobs a tuning job may launch."""
    config = params["HyperParameterTuningJobConfig"]
    if config["Strategy"] == "Grid":
        return sum(each.space.size for each in definitions(params))
    return float(config["ResourceLimits"].get("MaxNumberOfTrainingJobs", math.inf))


def _not_here(params: Record) -> Iterator[tuple[str, str]]:
    config = params["HyperParameterTuningJobConfig"]
    if config["Strategy"] not in STRATEGIES:
        yield f"the strategy {config['Strategy']}", f"use {', '.join(STRATEGIES)}"
    if "Autotune" in params or "AutoParameters" in config.get("ParameterRanges", {}):
        yield "Autotune", "give ParameterRanges"
    convergence = config.get("TuningJobCompletionCriteria", {}).get("ConvergenceDetected", {})
    if convergence.get("CompleteOnConvergence") == "Enabled":
        yield "CompleteOnConvergence", "use BestObjectiveNotImproving or TargetObjectiveMetricValue"


def _definition(body: Mapping[str, Any], objective: Any, ranges: Any) -> Definition:
    name = body.get("DefinitionName", "")
    if not objective or not ranges:
        what = "an objective" if not objective else "parameter ranges"
        raise ValidationError(f"The training job definition {name or 'of the tuning job'} has no {what}.")
    return Definition(name, Objective(objective["MetricName"], objective["Type"] == "Maximize"), space(ranges), body)


def _check_several(params: Record) -> None:
    """Developer Guide, "Create a Hyperparameter Optimization Tuning Job for One or More Algorithms"."""
    asked = {
        "WarmStartConfig": "WarmStartConfig" in params,
        "TrainingJobEarlyStoppingType Auto": params["HyperParameterTuningJobConfig"].get("TrainingJobEarlyStoppingType")
        == "Auto",
    }
    if wrong := [name for name, there in asked.items() if there]:
        raise ValidationError(f"{' and '.join(wrong)} can be used only with a single training job definition.")


def _check_grid(found: list[Definition], most: int | None) -> None:
    for each in found:
        numeric = [r.name for r in each.space.ranges if not isinstance(r, Choice)]
        if numeric:
            raise ValidationError(f"Strategy Grid searches categorical values only: {', '.join(numeric)} has a range.")
    combinations = sum(each.space.size for each in found)
    if most is not None and most != combinations:
        raise ValidationError(
            f"MaxNumberOfTrainingJobs is {most}, and there are {combinations:.0f} combinations: strategy Grid runs "
            "each of them once. Leave it out."
        )


def _check_parameters(definition: Definition) -> None:
    static = definition.body.get("StaticHyperParameters", {})
    both = sorted(set(static) & set(definition.space.names))
    if both:
        raise ValidationError(f"Hyperparameters are static and searched at once: {', '.join(both)}.")
    if len(static) + len(definition.space.names) > _MOST_PARAMETERS:
        raise ValidationError(f"A training job has at most {_MOST_PARAMETERS} hyperparameters, static and searched.")
    if not definition.body.get("ResourceConfig") and not definition.body.get("HyperParameterTuningResourceConfig"):
        raise ValidationError("The training job definition needs a ResourceConfig.")
