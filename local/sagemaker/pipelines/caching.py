"""What a step's CacheConfig spares: the same step with the same arguments that has succeeded before.

Developer Guide, "Caching pipeline steps". The arguments hold addresses, not what is there: data that has changed under
the same address is a hit all the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from local.sagemaker.kinds import PIPELINE_EXECUTION
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.resources import Record, Store
from local.sagemaker.views import value_at

_ALL: Final = ("*",)
_TUNED: Final = (
    "AlgorithmSpecification",
    "HyperParameterRanges",
    "InputDataConfig",
    "StaticHyperParameters",
    "TuningObjective",
)
_CHECKED: Final = ("AppSpecification", "Environment", "ProcessingInputs")
_OUTSIDE: Final = (
    *("FunctionArn", "SqsQueueUrl"),
    *("CheckType", "ModelName", "ModelPackageGroupName", "RegisterNewBaseline", "SkipCheck"),
    *("SuppliedBaselineConstraints", "SuppliedBaselineStatistics"),
)
"""What tells runs apart beside the arguments."""
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification",
        "CheckpointConfig",
        "DebugHookConfig",
        "DebugRuleConfigurations",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
    ),
    "Transform": ("DataProcessing", "Environment", "ModelName", "TransformInput"),
    "Tuning": (
        "HyperParameterTuningJobConfig",
        *(f"TrainingJobDefinition.{member}" for member in _TUNED),
        "TrainingJobDefinitions",
    ),
    "QualityCheck": _CHECKED,
    "ClarifyCheck": _CHECKED,
    "Lambda": _ALL,
    "Callback": _ALL,
}
"""The arguments that tell one run of a step from another, by its type; other types are never cached."""

# The guide writes durations that are none, such as T16m, beside those of ISO 8601.
_DURATION: Final = re.compile(
    r"P?((?P<weeks>\d+)W)?((?P<days>\d+)D)?(T((?P<hours>\d+)H)?((?P<minutes>\d+)M)?((?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Hit:
    """A run that is taken for another one: its execution, its step as it was listed, and what it gave."""

    execution_arn: str
    step: Record
    properties: Any


def cache_key(step: Step, arguments: Mapping[str, Any], resolve: Callable[[Any], Any]) -> str | None:
    """What two runs have in common that may stand for each other; None for a step that is not cached."""
    names = _KEYS.get(step.kind)
    if names is None or not (step.body.get("CacheConfig") or {}).get("Enabled"):
        return None
    kept = dict(arguments) if names is _ALL else {name: value_at(arguments, name) for name in names}
    called = {name: resolve(step.body[name]) for name in _OUTSIDE if name in step.body}
    text = json.dumps([step.name, step.kind, called, kept], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def find(store: Store, pipeline_arn: str, step: Step, key: str, *, now: datetime) -> Hit | None:
    """The newest run of the same pipeline with this key that has not expired."""
    age = _expiry(step)
    for execution in reversed(store.all(PIPELINE_EXECUTION)):
        if execution["PipelineArn"] != pipeline_arn or execution.get("StepKeys", {}).get(step.name) != key:
            continue
        entry = next((entry for entry in execution["Steps"] if entry["StepName"] == step.name), None)
        if entry is None or entry["StepStatus"] != "Succeeded" or "CacheHitResult" in entry:
            continue
        if age is None or entry["EndTime"] + age > now:
            return Hit(execution["PipelineExecutionArn"], entry, execution["StepProperties"][step.name])
    return None


def is_duration(text: Any) -> bool:
    """Whether ExpireAfter can be read."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return found is not None and any(found.groupdict().values())


def _expiry(step: Step) -> timedelta | None:
    text = (step.body.get("CacheConfig") or {}).get("ExpireAfter")
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        return None
    return timedelta(**{unit: int(value) for unit, value in found.groupdict().items() if value})
