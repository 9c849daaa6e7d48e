"""Fits a template's values to what an API operation takes: text to numbers and booleans, and the case of names.

CloudFormation passes every scalar on in the type its property has, and names properties in PascalCase where some APIs
use camelCase. The operation's shape, from botocore's model, knows both.
"""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.cloudformation.errors import ResourceFailed

_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def fitted(shape: Shape, value: Any, *, at: str = "") -> Any:
    """The value in the shape's types and names. Raises ResourceFailed naming the property that does not fit."""
    if isinstance(shape, StructureShape):
        _expect(isinstance(value, dict), shape, value, at=at)
        members = {name[:1].upper() + name[1:]: name for name in shape.members}
        return dict(_member(shape, members, name, item, at=at) for name, item in value.items())
    if isinstance(shape, ListShape):
        _expect(isinstance(value, list), shape, value, at=at)
        return [fitted(shape.member, item, at=f"{at}/{index}") for index, item in enumerate(value)]
    if isinstance(shape, MapShape):
        _expect(isinstance(value, dict), shape, value, at=at)
        return {name: fitted(shape.value, item, at=f"{at}/{name}") for name, item in value.items()}
    return _scalar(shape, value, at=at)


def _member(shape: StructureShape, members: dict[str, str], name: str, value: Any, *, at: str) -> tuple[str, Any]:
    known = name if name in shape.members else members.get(name)
    if known is None:
        raise ResourceFailed(f"Properties validation failed: #{at}: extraneous key [{name}] is not permitted")
    return known, fitted(shape.members[known], value, at=f"{at}/{name}")


def _scalar(shape: Shape, value: Any, *, at: str) -> Any:
    kind = shape.type_name
    if kind == "boolean":
        return value if isinstance(value, bool) else _boolean(shape, value, at=at)
    if kind in _NUMBERS and not isinstance(value, bool):
        try:
            return _NUMBERS[kind](value)
        except (TypeError, ValueError):
            _expect(False, shape, value, at=at)
    if kind == "string":
        _expect(isinstance(value, str | int | float), shape, value, at=at)
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _boolean(shape: Shape, value: Any, *, at: str) -> bool:
    text = str(value).lower()
    _expect(text in ("true", "false"), shape, value, at=at)
    return text == "true"


def _expect(fits: bool, shape: Shape, value: Any, *, at: str) -> None:
    if not fits:
        found = type(value).__name__
        raise ResourceFailed(f"Properties validation failed: #{at}: expected type: {shape.type_name}, found: {found}")
