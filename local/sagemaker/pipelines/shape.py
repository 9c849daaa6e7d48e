"""The JSON types that a pipeline definition has where this cloud looks into it: each wrong one is a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_Members = Mapping[str, type]

_DOCUMENT: Final[_Members] = {
    "Parameters": list,
    "PipelineExperimentConfig": dict,
    "MlflowConfig": dict,
    "Steps": list,
}
_PARAMETER: Final[_Members] = {"Name": str, "Type": str, "EnumValues": list}
_STEP: Final[_Members] = {
    "Name": str,
    "Type": str,
    "Arguments": dict,
    "CacheConfig": dict,
    "DependsOn": list,
    "OutputParameters": list,
    "PropertyFiles": list,
    "RetryPolicies": list,
}
_LISTED: Final[Mapping[str, _Members]] = {
    "OutputParameters": {"OutputName": str, "OutputType": str},
    "PropertyFiles": {"FilePath": str, "OutputName": str, "PropertyFileName": str},
    "RetryPolicies": {},
}
_BRANCHES: Final[_Members] = {"IfSteps": list, "ElseSteps": list}
_WORDS: Final[Mapping[type, str]] = {dict: "an object", list: "a list", str: "a string"}


def misshapen(document: Mapping[str, Any]) -> Iterator[str]:
    """What is of another type than it must be; null is as good as nothing."""
    yield from _wrong("The definition", document, _DOCUMENT)
    for entry in _entries(document, "Parameters"):
        yield from _wrong("A parameter", entry, _PARAMETER)
    for entry in _entries(document, "Steps"):
        yield from _wrong_step(entry)


def _wrong_step(entry: Any) -> Iterator[str]:
    yield from _wrong("A step", entry, _STEP)
    if not isinstance(entry, dict):
        return
    title = f"Step {entry.get('Name')!r}"
    for member, members in _LISTED.items():
        for each in _entries(entry, member):
            yield from _wrong(f"{title}, {member}", each, members)
    arguments = entry.get("Arguments")
    if entry.get("Type") == "Condition" and isinstance(arguments, dict):
        yield from _wrong(title, arguments, _BRANCHES)
        for branch in _BRANCHES:
            for inner in _entries(arguments, branch):
                yield from _wrong_step(inner)


def _wrong(title: str, value: Any, members: _Members) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{title} is not an object"
        return
    for member, kind in members.items():
        if value.get(member) is not None and not isinstance(value[member], kind):
            yield f"{title} has a {member} that is not {_WORDS[kind]}"


def _entries(value: Mapping[str, Any], member: str) -> list[Any]:
    listed = value.get(member)
    return listed if isinstance(listed, list) else []
