"""The images that an execution will need, as far as they are known before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.sagemaker.pipelines.definition import Definition, Step

_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "Processing": ("AppSpecification", "ImageUri"),
    "QualityCheck": ("AppSpecification", "ImageUri"),
    "ClarifyCheck": ("AppSpecification", "ImageUri"),
    "Training": ("AlgorithmSpecification", "TrainingImage"),
}


def images(definition: Definition, parameters: Mapping[str, Any]) -> Iterator[tuple[Step, str]]:
    """Image URIs that are written out or come from a parameter, each with the step that needs it."""
    for step in definition.steps.values():
        for named in _named(step):
            if isinstance(named, str):
                yield step, named
            elif isinstance(named, dict) and str(named.get("Get", "")).startswith("Parameters."):
                yield step, str(parameters[named["Get"].removeprefix("Parameters.")])


def _named(step: Step) -> Iterator[Any]:
    if step.kind == "Tuning":
        several = step.arguments.get("TrainingJobDefinitions") or [step.arguments.get("TrainingJobDefinition") or {}]
        for definition in several:
            yield _at(definition, _PLACES["Training"])
    elif step.kind in _PLACES:
        yield _at(step.arguments, _PLACES[step.kind])


def _at(value: Any, place: tuple[str, str]) -> Any:
    for member in place:
        value = value.get(member) if isinstance(value, Mapping) else None
    return value
