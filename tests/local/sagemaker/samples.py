"""Values that a service model allows, and values that break one constraint of it each, made from its shapes."""

from __future__ import annotations

import functools
import re
import re._constants as parts
import re._parser as parser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StructureShape

_JAVA = (
    (r"\p{Alnum}", "a-z"),
    (r"\p{L}", "a-z"),
    (r"\p{Z}", " "),
    (r"\p{N}", "0-9"),
    (r"\p{M}", "a-z"),
    (r"\p{S}", "a-z"),
    (r"\p{P}", "a-z"),
)
_KNOWN = (
    "arn:aws:sagemaker:eu-west-1:123456789012:hub/sample",
    "arn:aws:iam::123456789012:role/sample",
    "s3://sample/key",
    "1.0.0",
    "sample",
)
WHOLE = 8
"""The level of members below which no operation has another one that is not like one above."""


@dataclass(frozen=True)
class Violation:
    """A request that breaks one constraint, and of which kind it is."""

    kind: str
    at: str
    request: dict[str, Any]


def sample(shape: Shape, *, name: str = "", full: int = 0, depth: int = 0) -> Any:
    """A JSON value that the shape allows; with every optional member down to the level of `full`."""
    if isinstance(shape, StructureShape):
        return _structure(shape, full=full, depth=depth)
    if isinstance(shape, ListShape):
        items = max(shape.metadata.get("min", 0), 1)
        return [sample(shape.member, name=name, full=full, depth=depth + 1) for _ in range(items)]
    if isinstance(shape, MapShape):
        key = sample(shape.key, name=name, full=full, depth=depth + 1)
        return {key: sample(shape.value, name=name, full=full, depth=depth + 1)}
    if shape.type_name == "string":
        return text(shape)
    low = shape.metadata.get("min", 1)
    return {"boolean": True, "timestamp": 1767225600, "blob": "aGk="}.get(shape.type_name, low)


def _structure(shape: StructureShape, *, full: int, depth: int) -> dict[str, Any]:
    chosen = list(shape.members) if depth < full else list(shape.required_members)
    if shape.is_tagged_union:
        chosen = list(shape.members)[:1]
    return {
        member: sample(shape.members[member], name=member, full=full, depth=depth + 1)
        for member in chosen
        if member not in ("NextToken",)
    }


@functools.cache
def text(shape: Shape) -> str:
    """A string that the shape allows."""
    if getattr(shape, "enum", None):
        return str(shape.enum[0])
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 10_000)
    pattern = shape.metadata.get("pattern")
    for candidate in (*_KNOWN, *(_generated(pattern, low) if pattern else ()), "x" * max(low, 1), ""):
        if low <= len(candidate) <= high and (pattern is None or _allows(pattern, candidate)):
            return candidate
    raise AssertionError(f"no sample for {shape.name}: {pattern} of {low} to {high}")


def violations(shape: StructureShape, request: dict[str, Any]) -> Iterator[Violation]:
    """One request for each kind of constraint that the shape has anywhere, made from a valid request."""
    yield from _violations(shape, request, at="", seen=set())


def _violations(shape: Shape, value: Any, *, at: str, seen: set[str]) -> Iterator[Violation]:
    """Violations of the value, each kind once; `request` is the broken value, put in its place level by level."""
    for kind, broken in _broken(shape, value):
        if kind not in seen:
            seen.add(kind)
            yield Violation(kind, at, broken)
    for part, item, key in _parts(shape, value):
        for found in _violations(part, item, at=f"{at}.{key}", seen=seen):
            if isinstance(value, list):
                yield Violation(found.kind, found.at, [found.request, *value[1:]])
            else:
                yield Violation(found.kind, found.at, {**value, key: found.request})


def _parts(shape: Shape, value: Any) -> Iterator[tuple[Shape, Any, str]]:
    if isinstance(shape, StructureShape):
        yield from ((shape.members[member], item, member) for member, item in value.items())
    elif isinstance(shape, ListShape) and value:
        yield shape.member, value[0], "0"
    elif isinstance(shape, MapShape):
        yield from ((shape.value, item, key) for key, item in value.items())


def _broken(shape: Shape, value: Any) -> Iterator[tuple[str, Any]]:
    limits, kind = shape.metadata, shape.type_name
    if isinstance(shape, StructureShape):
        for member in shape.required_members:
            yield "required", {key: item for key, item in value.items() if key != member}
    else:
        yield "type", 1 if kind in ("string", "list", "map", "blob", "boolean") else {}
    if kind == "string":
        if shape.enum:
            yield "enum", "no-such-value"
        yield from _broken_text(limits)
    elif kind == "list":
        if limits.get("min"):
            yield "min list size", []
        if "max" in limits and limits["max"] <= 500 and value:
            yield "max list size", [value[0]] * (limits["max"] + 1)
    elif kind in ("integer", "long", "float", "double"):
        yield from _broken_number(limits)


def _broken_number(limits: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "min" in limits:
        yield "min value", limits["min"] - 1
    if "max" in limits and limits["max"] < 2**31 - 1:
        yield "max value", limits["max"] + 1


def _broken_text(limits: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if limits.get("min"):
        yield "min length", "x" * (limits["min"] - 1)
    if "max" in limits:
        yield "max length", "x" * (limits["max"] + 1)
    pattern = limits.get("pattern")
    if pattern:
        bad = "\u0007" * max(limits.get("min", 1), 1)
        if not _allows(pattern, bad):
            yield "pattern", bad


@functools.cache
def _allows(pattern: str, value: str) -> bool:
    respelt = pattern.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF")
    try:
        return regex.fullmatch(respelt, value) is not None
    except regex.error:
        return True


def _generated(pattern: str, low: int) -> Iterator[str]:
    """Short strings of a regular expression, the later ones with more of what may be repeated."""
    for java, python in _JAVA:
        pattern = pattern.replace(java, python)
    try:
        tree = parser.parse(pattern)
    except re.error:
        return
    for extra in (0, 1, 2, max(low - 1, 0), low):
        yield _string(tree, extra)


def _string(tree: Any, extra: int) -> str:
    return "".join(_part(code, argument, extra) for code, argument in tree)


def _part(code: Any, argument: Any, extra: int) -> str:
    if code is parts.LITERAL:
        return chr(argument)
    if code is parts.ANY or code is parts.NOT_LITERAL:
        return "a"
    if code is parts.IN:
        return _member(argument)
    if code is parts.BRANCH:
        return _string(argument[1][0], extra)
    if code is parts.SUBPATTERN:
        return _string(argument[3], extra)
    if code in (parts.MAX_REPEAT, parts.MIN_REPEAT):
        low, high, tree = argument
        times = low + extra if high is parts.MAXREPEAT else min(low + extra, high)
        return "".join(_string(tree, 0) for _ in range(times))
    return ""


def _member(argument: Any) -> str:
    if argument[0][0] is parts.NEGATE:
        return "a"
    code, value = argument[0]
    if code is parts.RANGE:
        return chr(value[0])
    if code is parts.CATEGORY:
        return {parts.CATEGORY_DIGIT: "1", parts.CATEGORY_SPACE: " "}.get(value, "a")
    return chr(value)
