"""Selective execution: some steps run, and those before them are taken from an execution that was.

Developer Guide, "Selective execution of pipeline steps".
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from local.errors import ValidationError
from local.sagemaker.pipelines.definition import ANY, Definition, Step
from local.sagemaker.resources import Record

_RUNNING = ("Executing", "Stopping")


def chosen(steps: Mapping[str, Step], record: Record) -> Mapping[str, Step]:
    """The steps that take part in an execution: all of them, unless it is selective."""
    if "SelectiveExecutionConfig" not in record:
        return steps
    part = _names(record["SelectiveExecutionConfig"]) | {entry["StepName"] for entry in record["Steps"]}
    return {name: step for name, step in steps.items() if name in part}


def select(definition: Definition, config: Mapping[str, Any], source: Record | None, *, now: datetime) -> Record:
    """The members with which a selective execution begins: what it takes over of the source's steps.

    Raises ValidationError for steps that cannot run without others, and for a source that has not what they need.
    """
    selected = _names(config)
    if unknown := sorted(selected - definition.steps.keys()):
        raise ValidationError(f"SelectedSteps are not steps of the pipeline: {', '.join(unknown)}.")
    before = {name: _ancestors(definition.steps, name) for name in definition.steps}
    _require_paths(definition, selected, before)
    wanted = set().union(*(before[name] for name in selected)) - selected
    if not wanted:
        return {}
    if source is None:
        needy = sorted(name for name in selected if before[name] - selected)
        raise ValidationError(
            f"Invalid SourcePipelineExecutionArn: null. The selected steps [{', '.join(needy)}] have dependencies on "
            f"[{', '.join(sorted(wanted))}]"
        )
    _require_results(definition, selected, source)
    ended = [entry for entry in source["Steps"] if entry["StepName"] in wanted and "EndTime" in entry]
    results = source.get("StepProperties", {})
    return {
        "Steps": [_taken_over(entry, source, now=now) for entry in ended],
        "StepProperties": {name: results[name] for name in wanted if name in results},
    }


def _names(config: Mapping[str, Any]) -> set[str]:
    return {step["StepName"] for step in config["SelectedSteps"]}


def _ancestors(steps: Mapping[str, Step], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        fresh = steps[waiting.pop()].needs - found
        found |= fresh
        waiting += fresh
    return found


def _require_paths(definition: Definition, selected: Set[str], before: Mapping[str, Set[str]]) -> None:
    """Refuse a selection that leaves out a step between two of its own."""
    for last in sorted(selected):
        for first in sorted(before[last] & selected):
            left_out = sorted(name for name in before[last] - selected if first in before[name])
            if left_out:
                raise ValidationError(
                    f"SelectedSteps must have every step between two of them: {', '.join(left_out)} between {first} "
                    f"and {last} {'is' if len(left_out) == 1 else 'are'} not selected."
                )


def _require_results(definition: Definition, selected: Set[str], source: Record) -> None:
    arn, status = source["PipelineExecutionArn"], source["PipelineExecutionStatus"]
    if status in _RUNNING:
        raise ValidationError(
            f"Invalid SourcePipelineExecutionArn: {arn}. The execution is {status}; it must have ended."
        )
    came_to = {entry["StepName"]: entry["StepStatus"] for entry in source["Steps"]}
    for name in sorted(selected):
        step = definition.steps[name]
        for need in sorted(step.needs - selected):
            wanted = step.triggers.get(need, "Succeeded")
            if came_to.get(need) is None or wanted not in (ANY, came_to[need]):
                said = came_to.get(need, "not run")
                raise ValidationError(
                    f"Invalid SourcePipelineExecutionArn: {arn}. Step {name} needs step {need}, which was {said} there."
                )
        if step.branch is not None and step.branch[0] not in selected:
            _require_branch(step, step.branch, source)


def _require_branch(step: Step, branch: tuple[str, bool], source: Record) -> None:
    condition, outcome = branch
    if source["StepProperties"][condition]["Outcome"] != outcome:
        raise ValidationError(
            f"Invalid SourcePipelineExecutionArn: {source['PipelineExecutionArn']}. Step {step.name} is in a branch "
            f"of {condition} that was not taken there: select {condition} too."
        )


def _taken_over(entry: Record, source: Record, *, now: datetime) -> Record:
    told = ("StepName", "StepType", "StepDisplayName", "StepDescription", "StepStatus", "Metadata", "FailureReason")
    return {
        **{member: entry[member] for member in told if member in entry},
        "StartTime": now,
        "EndTime": now,
        "AttemptCount": 0,
        "SelectiveExecutionResult": {"SourcePipelineExecutionArn": source["PipelineExecutionArn"]},
    }
