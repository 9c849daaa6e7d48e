"""What can be wrong with a pipeline definition as a whole: each problem is a sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local.sagemaker.pipelines.caching import is_duration
from local.sagemaker.pipelines.conditions import condition_problems
from local.sagemaker.pipelines.definition import Parameter, Step, references
from local.sagemaker.pipelines.resolve import is_path
from local.sagemaker.pipelines.retries import policy_problems

_EXECUTION_VARIABLES = frozenset(
    {"StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn"}
    | {"TrainingJobName", "ProcessingJobName"}
)


def problems(steps: Mapping[str, Step], parameters: Mapping[str, Parameter]) -> Iterator[str]:
    """Functions without arguments, references to what does not exist, retry policies of another form, circles."""
    for step in steps.values():
        yield from _broken_functions(step)
        yield from _broken_references(step, steps, parameters)
        yield from policy_problems(step)
    yield from _cycles(steps)


def foreign_references(title: str, config: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> Iterator[str]:
    """What a configuration of the whole pipeline has but parameters and variables of the execution, which it may have.

    `title` is its member of the definition.
    """
    known: Mapping[str, Collection[str]] = {"Parameters": parameters, "Execution": _EXECUTION_VARIABLES}
    yield from _calls_without_arguments(title, config)
    if any(function != "Std:Join" for function, _ in _functions(config)):
        yield f"{title} has a function other than Std:Join"
    for path in references(config):
        root, _, rest = path.partition(".")
        if rest not in known.get(root, ()):
            yield f"{title} refers to {path!r}, which is no parameter or execution variable"


def _broken_functions(step: Step) -> Iterator[str]:
    if step.kind == "Condition":
        yield from _broken_conditions(step)
    expiry = (step.body.get("CacheConfig") or {}).get("ExpireAfter")
    if expiry is not None and not is_duration(expiry):
        yield f"Step {step.name!r} has a CacheConfig whose ExpireAfter {expiry!r} is not an ISO 8601 duration"
    for file in step.body.get("PropertyFiles") or []:
        if not {"PropertyFileName", "OutputName", "FilePath"} <= set(file):
            yield f"Step {step.name!r} has a property file without name, output or path"
    yield from _calls_without_arguments(f"Step {step.name!r}", step.arguments)


def _calls_without_arguments(title: str, value: Any) -> Iterator[str]:
    for function, argument in _functions(value):
        if not isinstance(argument, dict):
            yield f"{title} has a {function} without arguments"
        elif function == "Std:Join" and not isinstance(argument.get("Values"), list):
            yield f"{title} has a Std:Join without a list of Values"
        elif function == "Std:Join" and not isinstance(argument.get("On", ""), str):
            yield f"{title} has a Std:Join whose On is not a string"
        elif function == "Std:JsonGet" and ("Path" not in argument or not {"PropertyFile", "S3Uri"} & set(argument)):
            yield f"{title} has a Std:JsonGet without a Path, or without a PropertyFile or S3Uri"
        elif function == "Std:JsonGet" and {"PropertyFile", "S3Uri"} <= set(argument):
            yield f"{title} has a Std:JsonGet with both a PropertyFile and an S3Uri; give one of them"
        elif function == "Std:JsonGet" and not is_path(argument["Path"]):
            yield f"{title} has a Std:JsonGet whose Path {argument['Path']!r} is not one such as a.b['c'][0]"


def _broken_conditions(step: Step) -> Iterator[str]:
    conditions = step.arguments.get("Conditions")
    if not isinstance(conditions, list):
        yield f"Step {step.name!r} needs a list of Conditions"
        return
    for condition in conditions:
        yield from condition_problems(f"Step {step.name!r}", condition)


def _functions(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("Std:Join", "Std:JsonGet"):
                yield key, item
            yield from _functions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _functions(item)


def _broken_references(step: Step, steps: Mapping[str, Step], parameters: Mapping[str, Parameter]) -> Iterator[str]:
    for need in sorted(step.needs):
        if need not in steps:
            yield f"Step {step.name!r} refers to step {need!r}, which does not exist"
    for path in references([step.arguments, {k: v for k, v in step.body.items() if k != "Arguments"}]):
        root, _, rest = path.partition(".")
        if root == "Parameters" and rest not in parameters:
            yield f"Step {step.name!r} refers to parameter {rest!r}, which is not declared"
        elif root == "Execution" and rest not in _EXECUTION_VARIABLES:
            yield f"Step {step.name!r} refers to {path!r}, which is not an execution variable"
        elif root not in ("Parameters", "Execution", "Steps", "PipelineExperimentConfig"):
            yield f"Step {step.name!r} refers to {path!r}, which is nothing"
        elif ".PropertyFiles." in path and not _property_file_exists(path, steps):
            yield f"Step {step.name!r} refers to {path!r}, which is not a property file of that step"


def _property_file_exists(path: str, steps: Mapping[str, Step]) -> bool:
    owner, _, file = path.removeprefix("Steps.").partition(".PropertyFiles.")
    return owner not in steps or file in steps[owner].property_files


def _cycles(steps: Mapping[str, Step]) -> list[str]:
    try:
        TopologicalSorter({name: step.needs for name, step in steps.items()}).prepare()
    except CycleError as error:
        return [f"Steps depend on each other in a circle: {' → '.join(error.args[1])}"]
    return []
