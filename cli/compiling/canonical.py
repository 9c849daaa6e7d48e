"""One form for definitions that mean the same: no random names, no empty members, sorted keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cli.compiling import stand_ins

# The SDK ends the name of a repack step in a name of the model that it draws at random.
_REPACK = re.compile(r"(?P<step>.+-RepackModel)-.*-?[0-9a-f]{8}")

# The region of whoever compiles, which the SDK writes into a model's environment, and its version 2 into the
# hyperparameters of framework jobs. Containers know their own.
_COMPILED_IN = {("SAGEMAKER_REGION", stand_ins.REGION), ("sagemaker_region", f'"{stand_ins.REGION}"')}


def text(definition: Any) -> str:
    """A definition as canonical JSON."""
    return json.dumps(definition, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def form(definition: dict[str, Any]) -> dict[str, Any]:
    """The canonical form of a definition as the SDK emits it."""
    renamed = _renamed(definition, stable_names(definition))
    return {key: _compact(value) for key, value in renamed.items() if value is not None}


def steps(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps of a definition, those in the branches of conditions too, each before its branches."""
    yield from _walk(definition.get("Steps", []))


def _walk(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in found:
        yield step
        branches = step.get("Arguments", {})
        if step.get("Type") == "Condition":
            yield from _walk([*branches.get("IfSteps", []), *branches.get("ElseSteps", [])])


def stable_names(definition: dict[str, Any]) -> dict[str, str]:
    """Names that the SDK draws at random → those they have in the canonical form."""
    names: dict[str, str] = {}
    for step in steps(definition):
        match = _REPACK.fullmatch(step["Name"])
        if match:
            taken = list(names.values()).count(match["step"])
            names[step["Name"]] = match["step"] + (f"-{taken + 1}" if taken else "")
    return names


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(member, names) for member in value]
    if isinstance(value, dict):
        return {key: _renamed(member, names) for key, member in value.items()}
    if not isinstance(value, str):
        return value
    for old, new in names.items():
        value = new if value == old else value.replace(f"Steps.{old}.", f"Steps.{new}.")
    return value


def _compact(value: Any) -> Any:
    """Without members that are null, or structures without content: SageMaker reads them as absent."""
    if isinstance(value, list):
        return [_compact(member) for member in value]
    if not isinstance(value, dict):
        return value
    compact = {key: _compact(member) for key, member in value.items() if not _is_compiled_in(key, member)}
    return {key: member for key, member in compact.items() if member is not None and member != {}}


def _is_compiled_in(key: str, member: Any) -> bool:
    return isinstance(member, str) and (key, member) in _COMPILED_IN
