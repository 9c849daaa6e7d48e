"""What is different between two pipeline definitions: parameter by parameter, step by step, argument by argument."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_FUNCTIONS = {"Get", "Std:Join", "Std:JsonGet"}
_NAMES = ("InputName", "OutputName", "ChannelName", "PropertyFileName", "Name", "Key", "Step")
"""By which of its members an object in a list is known."""
_ASSET = re.compile(r"s3://[^/\s]+/(assets/[0-9a-f]{16}(?:/[^\s\"']*)?)")
_BRANCHES = ("IfSteps", "ElseSteps")


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One value that differs; None where there is none on that side."""

    path: str
    before: str | None
    after: str | None

    def assets(self) -> tuple[str | None, str | None]:
        """The keys of the files that it names, before and after; None on a side that names none."""
        found = [_ASSET.search(text) if text else None for text in (self.before, self.after)]
        return (found[0][1] if found[0] else None, found[1][1] if found[1] else None)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A step, a parameter or another part that is added, removed or changed."""

    kind: str
    """``added``, ``removed`` or ``changed``."""
    what: str
    """``step``, ``parameter`` or ``part``."""
    name: str
    type: str
    """The type of the step or parameter."""
    details: tuple[Detail, ...]


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The changes that lead from one definition to another: parameters, then steps in their order, then the rest."""
    changes = _changes("parameter", *(_by_name(d.get("Parameters", [])) for d in (before, after)))
    changes += _changes("step", *(dict(_steps(d.get("Steps", []))) for d in (before, after)))
    for part in sorted({*before, *after} - {"Parameters", "Steps"}):
        if found := tuple(_details(before.get(part), after.get(part), part)):
            changes.append(Change(kind="changed", what="part", name=part, type="", details=found))
    return changes


def shown(value: Any) -> str:
    """A value as its author thinks of it: functions are written as ``{what they stand for}``."""
    if isinstance(value, str):
        return value
    if _is_function(value):
        name, argument = next(iter(value.items()))
        if name == "Get":
            return f"{{{argument}}}"
        if name == "Std:Join":
            return str(argument.get("On", "")).join(shown(part) for part in argument.get("Values", []))
        source = argument.get("PropertyFile", {}).get("Get") or shown(argument.get("S3Uri", ""))
        return f"{{{source} at {argument.get('Path')}}}"
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def short(text: str | None) -> str | None:
    """A value without the bucket of the files that it names: it is the same on both sides."""
    return text if text is None else _ASSET.sub(r"\1", text)


def _changes(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        first, second = before.get(name), after.get(name)
        if details := tuple(_details(_facts(first, beside=second), _facts(second, beside=first), "")):
            kind = "changed" if name in before and name in after else "added" if name in after else "removed"
            named = str((second or first or {}).get("Type", ""))
            found.append(Change(kind=kind, what=what, name=name, type=named, details=details))
    return found


def _facts(one: Any, *, beside: Any) -> Any:
    """A step or parameter without what is told as its title: its name, and its type unless that differs."""
    if one is None:
        return None
    titled = {"Name"} if beside and beside.get("Type") != one.get("Type") else {"Name", "Type"}
    return {key: value for key, value in one.items() if key not in titled}


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step by name; in a condition's branches stand the names of their steps alone."""
    for step in steps:
        arguments = dict(step.get("Arguments", {}))
        inside = [inner for branch in _BRANCHES for inner in arguments.get(branch, [])]
        for branch in _BRANCHES:
            if branch in arguments:
                arguments[branch] = [inner["Name"] for inner in arguments[branch]]
        yield step["Name"], {**step, "Arguments": arguments}
        yield from _steps(inside)


def _by_name(members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {member["Name"]: member for member in members}


def _details(before: Any, after: Any, path: str) -> Iterator[Detail]:
    if before == after:
        return
    first, second = _inside(before), _inside(after)
    if (first or second) and _may_open(before) and _may_open(after):
        for key in [*second, *(key for key in first if key not in second)]:
            inner = f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"
            yield from _details(first.get(key), second.get(key), inner)
        return
    yield Detail(path=path, before=_text(before), after=_text(after))


def _inside(value: Any) -> dict[str, Any]:
    """The members of an object or a list by what they are called."""
    if isinstance(value, list):
        return dict(_called(number, member) for number, member in enumerate(value))
    return dict(value) if isinstance(value, dict) and not _is_function(value) else {}


def _called(number: int, member: Any) -> tuple[str, Any]:
    """A member of a list by its name, and what it is besides; by its number where it has none."""
    for key in _NAMES:
        if isinstance(member, dict) and isinstance(member.get(key), str):
            return f"[{member[key]}]", {name: value for name, value in member.items() if name != key}
    return f"[{number}]", member


def _may_open(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list) and not _is_function(value))


def _is_function(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _FUNCTIONS


def _text(value: Any) -> str | None:
    return None if value is None else shown(value)
