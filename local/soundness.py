"""Whether a value keeps the constraints of its shape: checks compiled once for each shape, since every request asks.

What exactly is wrong with a value that does not is `local.model`'s to tell.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

Check = Callable[[Any], bool]

SIZED: Final = ("string", "list", "map", "blob")
NUMBERS: Final = ("integer", "long", "float", "double")
_PATIENCE_SECONDS: Final = 0.2
"""Some of the models' patterns take exponential time over values that nearly fit: such a value does not fit."""


@functools.cache
def sound(shape: Shape) -> Check:
    """A check of typed values: True when every constraint holds, at every depth."""
    limits = tuple(_limits(shape))
    parts = _parts(shape)

    def check(value: Any) -> bool:
        if value is None:
            return False
        for holds in limits:
            if not holds(value):
                return False
        return parts is None or parts(value)

    return check


def fits(pattern: str, value: str) -> bool:
    """Whether a value is of a pattern in Java's syntax; one that cannot be expressed here is taken to fit."""
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    began = time.thread_time()
    while time.thread_time() - began < _PATIENCE_SECONDS:
        try:
            return compiled.fullmatch(value, timeout=_PATIENCE_SECONDS) is not None
        except TimeoutError:
            continue  # unless it was the machine that took the time, and not the value
    return False


def _limits(shape: Shape) -> Iterator[Check]:
    limits = shape.metadata
    size: Callable[[Any], Any] | None = len if shape.type_name in SIZED else None
    if shape.type_name in (*SIZED, *NUMBERS):
        low, high = limits.get("min"), limits.get("max")
        if low is not None and (low > 0 or size is None):
            yield lambda value: (size(value) if size else value) >= low
        if high is not None:
            yield lambda value: (size(value) if size else value) <= high
    if isinstance(shape, StringShape):
        if shape.enum:
            yield frozenset(shape.enum).__contains__
        if pattern := limits.get("pattern"):
            yield lambda value: fits(pattern, value)


def _parts(shape: Shape) -> Check | None:
    if isinstance(shape, StructureShape):
        return None if shape.is_document_type else _structure(shape)
    # Made when they are first asked for: a shape may contain itself.
    if isinstance(shape, ListShape):
        return lambda value: all(map(sound(shape.member), value))
    if isinstance(shape, MapShape):
        return lambda value: all(map(sound(shape.key), value)) and all(map(sound(shape.value), value.values()))
    return None


def _structure(shape: StructureShape) -> Check:
    required = frozenset(shape.required_members)
    checks: dict[str, Check] = {}

    def check(value: Any) -> bool:
        if not required <= value.keys():
            return False
        for name, item in value.items():
            if name not in checks:
                checks[name] = sound(shape.members[name]) if name in shape.members else lambda _: True
            if not checks[name](item):
                return False
        return True

    return check


@functools.cache
def _compiled(source: str) -> regex.Pattern[str] | None:
    # The models carry Java's syntax; a surrogate-pair range is the one construct the `regex` package needs respelt.
    respelt = source.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF")
    try:
        return regex.compile(respelt)
    except regex.error:
        return None
