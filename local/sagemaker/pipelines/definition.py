"""Pipeline definitions (schema 2020-12-01) as a graph of steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

COMPLETED: Final = "Completed"
FAILED: Final = "Failed"
STOPPED: Final = "Stopped"
ANY: Final = "Any"
TRIGGERS: Final = (COMPLETED, FAILED, STOPPED, ANY)
"""How a step that another one waits for may have to end for that."""


@dataclass(frozen=True)
class Parameter:
    """A declared parameter; `default` is None when a value must be given."""

    name: str
    kind: str
    default: Any = None
    allowed: Sequence[Any] = ()


@dataclass(frozen=True)
class Step:
    """A step, taken out of the Condition it may stand in."""

    name: str
    kind: str
    body: Mapping[str, Any]
    """The step as written."""
    needs: frozenset[str]
    """Steps that must have ended before: by reference, by DependsOn, and the Condition around it."""
    branch: tuple[str, bool] | None = None
    """The Condition around it, and the outcome for which it runs."""
    triggers: Mapping[str, str] = field(default_factory=dict)
    """How each of `needs` must have ended, where it is not by success: FAILED, STOPPED or ANY."""

    @property
    def arguments(self) -> Any:
        """The step's arguments; of a Condition those that are its own, not its branches."""
        return own_arguments(self.body)

    @property
    def property_files(self) -> Mapping[str, Mapping[str, Any]]:
        """Its property files by name."""
        return {file.get("PropertyFileName", ""): file for file in self.body.get("PropertyFiles") or []}


@dataclass(frozen=True)
class Definition:
    """A whole definition, consistent in itself."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]
    experiment: Mapping[str, Any] = field(default_factory=dict)
    mlflow: Mapping[str, Any] = field(default_factory=dict)
    """Its MlflowConfig; empty when it has none."""


def own_arguments(entry: Mapping[str, Any]) -> Any:
    """The arguments of a step as written; of a Condition without its branches."""
    arguments = entry.get("Arguments") or {}
    if entry.get("Type") != "Condition":
        return arguments
    return {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}


def references(value: Any) -> Iterator[str]:
    """Every path that a `Get` names below a value."""
    if isinstance(value, Mapping):
        if set(value) == {"Get"} and isinstance(value["Get"], str):
            yield value["Get"]
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def referred_step(path: str) -> str | None:
    """The step that `Steps.<name>.<property>` names."""
    found = re.match(r"Steps\.(?P<step>[A-Za-z0-9_-]+)", path)
    return found["step"] if found else None
