"""The table of all keys, written from the declarations, so that it cannot lie."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from env import schema
from env.part import Part
from env.schema import Path
from env.stage import POLICIES
from env.wording import spelled

BEGIN = "<!-- keys: begin (python -m env writes this table) -->"
END = "<!-- keys: end -->"


def table() -> str:
    """Every key of a stage's file as a Markdown table: its default, and what it says."""
    return "\n".join(["| key | default | says |", "|---|---|---|", *_rows()])


def renewed(page: str) -> str:
    """The page with the table between its two marks written anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def _rows() -> Iterator[str]:
    for path, info in schema.leaves():
        key = ".".join(_named(before) if part == "*" else part for before, part in _pairs(path))
        yield f"| `{key}` | {_default(path, info)} | {_meaning(path, info.description or '')} |"


def _named(table: str) -> str:
    """What stands for a name of the team's own in a table of such."""
    return {"business": "<kpi>", "limits": "<metric>"}.get(table, f"<{table.removesuffix('s')}>")


def _default(path: Path, info: FieldInfo) -> str:
    """The default of a key, or one for each policy where they differ."""
    if "deployment" not in path or info.is_required():
        return _value(info)
    by_policy = {name: _value(part.model_fields[path[-1]]) for name, part in _knowing(path)}
    values = set(by_policy.values())
    return values.pop() if len(values) == 1 else ", ".join(f"{value} ({name})" for name, value in by_policy.items())


def _value(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    default = info.get_default()
    return "absent" if default is None else f"`{spelled(default)}`"


def _knowing(path: Path) -> list[tuple[str, type[Part]]]:
    """The deployment policies that know a key."""
    return [(name, part) for name, part in POLICIES.items() if path[-1] in part.model_fields]


def _meaning(path: Path, description: str) -> str:
    """The description of a key, with the policies that know it if not all do."""
    sentence = " ".join(description.replace("``", "`").split())
    if "deployment" not in path or len(_knowing(path)) == len(POLICIES):
        return sentence
    return f"{sentence} Only with {' or '.join(f'`{name}`' for name, _ in _knowing(path))}."


def _pairs(path: schema.Path) -> Iterator[tuple[str, str]]:
    """The parts of a path, each with the one before it."""
    return zip(("", *path), path, strict=False)
