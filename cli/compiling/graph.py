"""What the steps of a definition wait for, and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

Step = Mapping[str, Any]

COMPLETED = "Completed"


def own(step: Step) -> dict[str, Any]:
    """The step without the steps in its branches."""
    arguments = step.get("Arguments", {})
    if step.get("Type") == "Condition":
        arguments = {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}
    return {**step, "Arguments": arguments}


def branches(step: Step) -> dict[bool, list[dict[str, Any]]]:
    """The steps of a condition by its outcome; of other steps none."""
    arguments = step.get("Arguments", {}) if step.get("Type") == "Condition" else {}
    return {True: arguments.get("IfSteps", []), False: arguments.get("ElseSteps", [])}


def depends_on(step: Step) -> dict[str, str]:
    """The steps that one names as those it comes after → the outcome it waits for."""
    entries = (other if isinstance(other, dict) else {"Step": other} for other in step.get("DependsOn", []))
    return {str(entry.get("Step")): str(entry.get("Trigger", COMPLETED)) for entry in entries}


def references(value: Any, *, where: str = "") -> Iterator[tuple[str, str]]:
    """Every ``Get`` within a JSON value, with its place in it."""
    if isinstance(value, dict):
        if set(value) == {"Get"} and isinstance(value["Get"], str):
            yield value["Get"], where
        for name, member in value.items():
            inner = where if name in ("Std:Join", "Std:JsonGet", "Values") else f"{where}.{name}" if where else name
            yield from references(member, where=inner)
    elif isinstance(value, list):
        for member in value:
            yield from references(member, where=_named(where, member))


def _named(where: str, member: Any) -> str:
    """A member of a list is better known by its name than by its number."""
    names = ("InputName", "OutputName", "ChannelName", "Name")
    name = next((member[key] for key in names if isinstance(member, dict) and isinstance(member.get(key), str)), None)
    return f"{where}[{name}]" if name else where


def users(step: Step) -> set[str]:
    """The names of the steps whose results ``step`` uses."""
    used = (reference.split(".") for reference, _ in references(own(step)))
    return {parts[1] for parts in used if parts[0] == "Steps" and len(parts) > 1}


def needs(every: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Step → the steps that must have ended before it starts."""
    graph = {step["Name"]: set(depends_on(step)) | users(step) for step in every}
    for step in every:
        for inner in [inner for branch in branches(step).values() for inner in branch]:
            graph[inner["Name"]].add(step["Name"])
    return graph


def cycle(every: list[dict[str, Any]]) -> list[str]:
    """Steps that wait for each other, in order, the first once more at the end; empty when there are none."""
    try:
        TopologicalSorter(needs(every)).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
