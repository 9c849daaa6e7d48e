"""What pydantic finds, in the words of someone who edits a TOML file."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from env import schema
from env.schema import Path
from env.stage import POLICIES

FREE = frozenset({"parameters", "facets"})
"""Tables whose keys are the team's own, each with one value of several types."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is wrong with a value, and what to do about it."""

    fault: str
    remedy: str


def spelled(value: Any) -> str:
    """A value as TOML spells it, as far as one line can."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {spelled(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(spelled(inner) for inner in value) + "]"
    return json.dumps(value, default=str, ensure_ascii=False)


def tell(path: Path, detail: ErrorDetails, *, policy: str | None) -> Told:
    """The fault and the remedy for one finding of pydantic at ``path``, under a deployment policy if there is one."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown(path, policy)
    if kind in ("missing", "union_tag_not_found"):
        return Told(fault="is missing", remedy=f"add it, for example {path[-1]} = {_example(path)}")
    if kind in _LIMITS:
        fault, remedy = _LIMITS[kind](detail.get("ctx", {}))
        return Told(fault=fault, remedy=remedy)
    if kind == "union_tag_invalid":
        return Told(fault="is not a policy", remedy=f"choose one of {', '.join(map(spelled, POLICIES))}")
    return _mistaken(path, kind)


def nearest(path: Path, *, policy: str | None) -> str | None:
    """The known key that an unknown one was probably meant to be."""
    close = difflib.get_close_matches(path[-1], _known(path, policy), n=1)
    return close[0] if close else None


_KINDS = {
    "string_type": "is not a text in quotes",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "bool_type": "is neither true nor false",
    "tuple_type": "is not a list",
}

_NO_TABLE = {"mapping_type", "dict_type", "model_type", "model_attributes_type"}

_LIMITS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]] = {
    "greater_than": lambda limit: ("is too small", f"choose a value above {limit['gt']}"),
    "greater_than_equal": lambda limit: ("is too small", f"choose {limit['ge']} or more"),
    "less_than": lambda limit: ("is too large", f"choose a value below {limit['lt']}"),
    "less_than_equal": lambda limit: ("is too large", f"choose {limit['le']} or less"),
}


def _unknown(path: Path, policy: str | None) -> Told:
    if schema.field(path) is not None:
        return Told(
            fault=f"has no effect with policy = {spelled(policy)}",
            remedy="remove it, or choose another policy",
        )
    close = nearest(path, policy=policy)
    if close:
        return Told(fault="is an unknown key", remedy=f"did you mean {close}?")
    return Told(fault="is an unknown key", remedy=f"remove it; known here are {', '.join(_known(path, policy))}")


def _mistaken(path: Path, kind: str) -> Told:
    if path[:-1] == ("models",) and kind == "string_pattern_mismatch":
        remedy = "use lower-case letters, digits and single hyphens, as in credit-risk"
        return Told(fault="is no name of a model", remedy=remedy)
    if FREE & set(path[:-1]):
        return Told(fault="is neither a text, a number nor a truth value", remedy="write the one value it shall have")
    if kind in _NO_TABLE:
        return Told(fault="is not a table", remedy=f"write its keys under [{'.'.join(path)}]")
    return Told(fault=_KINDS.get(kind, "is not of the expected form"), remedy=f"write it like {_example(path)}")


def _known(path: Path, policy: str | None) -> list[str]:
    if policy is not None:
        return list(POLICIES[policy].model_fields)
    return list(schema.fields(path[:-1]))


def _example(path: Path) -> str:
    info = schema.field(path)
    return spelled(schema.example(info)) if info else '"text"'
