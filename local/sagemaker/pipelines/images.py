"""The images that an execution will need, as far as they are known before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.sagemaker.pipelines.definition import Definition


def images(definition: Definition, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Image URIs of Processing and Training steps that are written out or come from a parameter."""
    for step in definition.steps.values():
        arguments = step.arguments
        if step.kind == "Processing":
            named = arguments.get("AppSpecification", {}).get("ImageUri")
        elif step.kind == "Training":
            named = arguments.get("AlgorithmSpecification", {}).get("TrainingImage")
        else:
            continue
        if isinstance(named, str):
            yield named
        elif isinstance(named, dict) and str(named.get("Get", "")).startswith("Parameters."):
            yield str(parameters[named["Get"].removeprefix("Parameters.")])
