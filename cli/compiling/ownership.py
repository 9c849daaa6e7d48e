"""What a pipeline does outside its own place: its role may write below the model's prefix and in the model's group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.compiling import canonical
from cli.compiling.findings import Finding
from cli.compiling.placeholders import BELOW, NAME

_GROUP = "ModelPackageGroupName"
_PENDING = "PendingManualApproval"
_OUTPUTS = {
    **{"S3Output": "S3Uri", "CheckpointConfig": "S3Uri", "OutputDataConfig": "S3OutputPath"},
    **{"TransformOutput": "S3OutputPath", "DebugHookConfig": "S3OutputPath", "ProfilerConfig": "S3OutputPath"},
}


def findings(definition: Mapping[str, Any], *, model: str) -> list[Finding]:
    """A warning for each place of a definition with placeholders that the pipeline of ``model`` may not write to."""
    return [
        Finding(sentence=f"Step {step['Name']} {sentence}", step=step["Name"], warning=True)
        for step in canonical.steps(dict(definition))
        for sentence in (*_group(step, model), *_approval(step, definition), *_outputs(step))
    ]


def _group(step: Mapping[str, Any], model: str) -> Iterator[str]:
    for given in (step, step.get("Arguments", {})):
        group = given.get(_GROUP)
        if isinstance(group, str) and group not in (NAME, model):
            yield f"works with the group {group}, but this pipeline may register in {model} alone; write {model}."


def _approval(step: Mapping[str, Any], definition: Mapping[str, Any]) -> Iterator[str]:
    """Approving is for people: the role may register what waits for them, and nothing else."""
    if step["Type"] != "RegisterModel":
        return
    status = step.get("Arguments", {}).get("ModelApprovalStatus")
    parameters = definition.get("Parameters", [])
    defaults = {f"Parameters.{p['Name']}": p["DefaultValue"] for p in parameters if "DefaultValue" in p}
    if isinstance(status, dict):
        status = defaults.get(str(status.get("Get")), _PENDING)  # of one that is given at the start nothing is known
    if status != _PENDING:
        yield f"registers with approval status {status!r}, but a pipeline may register {_PENDING} alone; write that."


def _outputs(step: Mapping[str, Any]) -> Iterator[str]:
    arguments = {key: value for key, value in step.get("Arguments", {}).items() if not key.endswith("Steps")}
    for uri in _written(arguments):
        beginning = _beginning(uri)
        if beginning.startswith("s3://") and not f"{beginning}/".startswith(BELOW):
            yield f"writes to {beginning}, but the pipeline may write below {BELOW} alone; begin with bucket and model."


def _written(value: Any) -> Iterator[Any]:
    for key, member in value.items() if isinstance(value, dict) else ():
        if key in _OUTPUTS and isinstance(member, dict) and _OUTPUTS[key] in member:
            yield member[_OUTPUTS[key]]
        yield from _written(member)
    for member in value if isinstance(value, list) else ():
        yield from _written(member)


def _beginning(uri: Any) -> str:
    """What is known of a URI when the pipeline is deployed."""
    if isinstance(uri, str):
        return uri
    joined = uri.get("Std:Join", {}) if isinstance(uri, dict) else {}
    known = []
    for value in joined.get("Values", []):
        if not isinstance(value, str):
            break
        known.append(value)
    return str(joined.get("On", "")).join(known)
