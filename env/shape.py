"""From one parsed file to a value and its flaws: keys that are misspelt, missing, of a wrong type or out of range."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from env import schema, wording
from env.schema import Path
from env.stage import POLICIES, StageFile


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """A key that cannot be taken as it is."""

    path: Path
    where: str
    told: wording.Told
    meant: Path
    """The key whose value is unknown because of this flaw: nothing may be concluded from its stand-in."""


def read(document: dict[str, Any]) -> tuple[StageFile, list[Flaw]]:
    """The stage that a document describes, and its flaws; where a key is flawed, the stage holds a stand-in.

    Thanks to the stand-ins the rest of the document can be judged as well: all mistakes are told at once.
    """
    flaws: dict[Path, Flaw] = {}
    while True:
        try:
            return StageFile.model_validate(document), list(flaws.values())
        except ValidationError as error:
            found = {_path(detail): detail for detail in reversed(error.errors(include_url=False))}
        for path in sorted(found):
            flaws.setdefault(path, _flaw(path, found[path]))
            document = _repaired(document, path)


def _path(detail: ErrorDetails) -> Path:
    """The keys that lead to a mistake, without what pydantic adds: list positions, union members, a mark on keys."""
    path: list[str] = []
    for part in detail["loc"]:
        if isinstance(part, int) or part == "[key]" or wording.FREE & set(path[:-1]):
            break
        if not _is_policy(path, part):
            path.append(part)
    return tuple(path)


def _policy(detail: ErrorDetails) -> str | None:
    """The deployment policy under which pydantic judged a key."""
    keys = [str(part) for part in detail["loc"]]
    return next((part for index, part in enumerate(keys) if _is_policy(keys[:index], part)), None)


def _is_policy(path: list[str], part: str) -> bool:
    return path[-1:] == ["deployment"] and len(path) == 4 and part in POLICIES


def _flaw(path: Path, detail: ErrorDetails) -> Flaw:
    kind, value, policy = detail["type"], detail["input"], _policy(detail)
    if kind.startswith("union_tag"):
        path, value = (*path, "policy"), detail.get("ctx", {}).get("tag")
    dotted = ".".join(path)
    valueless = kind in ("missing", "union_tag_not_found") or detail["loc"][-1] == "[key]"
    near = wording.nearest(path, policy=policy) if kind == "extra_forbidden" else None
    return Flaw(
        path=path,
        where=dotted if valueless else f"{dotted} = {wording.spelled(value)}",
        told=wording.tell(path, detail, policy=policy),
        meant=(*path[:-1], near) if near else path,
    )


def _repaired(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """The document without the flawed key; a key that must be there gets an example of its values."""
    repaired = copy.deepcopy(document)
    table: Any = repaired
    for part in path[:-1]:
        table = table.get(part)
        if not isinstance(table, dict):
            return repaired
    table.pop(path[-1], None)
    info = schema.field(path)
    if info is not None and info.is_required():
        table[path[-1]] = schema.example(info)
    return repaired
