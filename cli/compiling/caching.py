"""Caches that can never hit, because a part of their key is another one in each execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.compiling import canonical, graph
from cli.compiling.findings import Finding

_TUNED = ("AlgorithmSpecification", "HyperParameterRanges", "InputDataConfig", "StaticHyperParameters")
KEYS: Mapping[str, tuple[str, ...]] = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "QualityCheck": ("AppSpecification", "Environment", "ProcessingInputs"),
    "ClarifyCheck": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        *("AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations"),
        *("Environment", "HyperParameters", "InputDataConfig"),
    ),
    "Tuning": (
        *("HyperParameterTuningJobConfig", "TrainingJobDefinitions"),
        *(f"TrainingJobDefinition.{member}" for member in _TUNED),
    ),
    "Transform": ("DataProcessing", "Environment", "ModelName", "TransformInput"),
}
"""The arguments that make a step's cache key. Developer Guide, "Default cache key attributes by pipeline step type"."""

_SAME = {"PipelineName", "PipelineArn"}
_NAMED_ANEW = {"Training", "Tuning", "Model", "RegisterModel"}
"""Steps whose results bear a name that SageMaker makes up for each execution."""


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """A warning for each cache that never hits, with the first cause that its author can remove."""
    every = list(canonical.steps(dict(definition)))
    if graph.cycle(every):
        return []
    changes = _Changes({step["Name"]: step for step in every})
    return [
        Finding(sentence=f"Step {step['Name']}: its cache never hits: {cause}.", step=step["Name"], warning=True)
        for step in every
        if _is_cached(step) and (cause := changes.of_key(step))
    ]


def _is_cached(step: graph.Step) -> bool:
    return bool(step.get("CacheConfig", {}).get("Enabled"))


class _Changes:
    """What of the steps of one definition is another thing in each execution."""

    def __init__(self, steps: Mapping[str, graph.Step]) -> None:
        self._steps = steps

    def of_key(self, step: graph.Step) -> str | None:
        """Why the cache key of ``step`` is never the same twice; None when it can be."""
        arguments = step.get("Arguments", {})
        for member in KEYS.get(step["Type"], ()):
            value: Any = arguments
            for name in member.split("."):
                value = value.get(name) if isinstance(value, dict) else None
            for reference, where in graph.references(value, where=member):
                if cause := self._of_reference(reference):
                    return f"{where} has {cause}"
        return None

    def _of_reference(self, reference: str) -> str | None:
        kind, _, rest = reference.partition(".")
        if kind == "Execution" and rest not in _SAME:
            return f"{reference}, which is another one in each execution"
        name, _, path = rest.partition(".")
        producer = self._steps.get(name) if kind == "Steps" else None
        cause = self._of_result(producer, path) if producer is not None else None
        return f"{reference}, and {cause}" if cause else None

    def _of_result(self, step: graph.Step, path: str) -> str | None:
        """Why what ``path`` names of a step is another one in each execution; None when it is not, or not known."""
        name = step["Name"]
        if _is_cached(step):
            return f"step {name} is never taken from its cache" if self.of_key(step) else None
        if step["Type"] in _NAMED_ANEW:
            return f"step {name}, which is not cached, gives another one each time; cache it too"
        if changing := next(self._changing_outputs(step, path), None):
            return f"step {name}, which is not cached, writes to a place made of {changing}; cache it too"
        return None

    def _changing_outputs(self, step: graph.Step, path: str) -> Iterator[str]:
        outputs = step.get("Arguments", {}).get("ProcessingOutputConfig", {}).get("Outputs", [])
        for output in outputs:
            if f"['{output['OutputName']}']" in path:
                for reference, _ in graph.references(output):
                    if self._of_reference(reference):
                        yield reference
