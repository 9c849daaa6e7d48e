"""What keys a file of ``env/`` may hold: walked for error messages, for stand-ins and for the reference table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from env.part import Part
from env.stage import StageFile

Path = tuple[str, ...]


def parts(annotation: Any) -> tuple[type[Part], ...]:
    """The parts that a key of this type may hold: several where a policy chooses between them."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return (annotation,)
    if get_origin(annotation) in (Union, UnionType):
        return tuple(part for member in get_args(annotation) for part in parts(member))
    return ()


def fields(path: Path) -> dict[str, FieldInfo]:
    """The keys that may stand in the table at ``path``, whatever the policy; none where names are free."""
    annotation: Any = StageFile
    for name in path:
        annotation = _below(annotation, name)
    return _fields(annotation)


def field(path: Path) -> FieldInfo | None:
    """The key at ``path``; None where the key is unknown or its name is free."""
    return fields(path[:-1]).get(path[-1])


def example(info: FieldInfo) -> Any:
    """A value that the key takes: the documented one, its default, or a table of its required keys."""
    if info.examples:
        return info.examples[0]
    if not info.is_required():
        return info.get_default()
    required = ((name, inner) for name, inner in _fields(info.annotation).items() if inner.is_required())
    return {name: example(inner) for name, inner in required}


def leaves(prefix: Path = (), annotation: Any = StageFile) -> Iterator[tuple[Path, FieldInfo]]:
    """Every key that holds no table of known keys, in the order of declaration; ``*`` stands for a model's name."""
    for name, info in _fields(annotation).items():
        inner = info.annotation
        path = (*prefix, name)
        if _is_table_of_parts(inner):
            yield from leaves((*path, "*"), get_args(inner)[1])
        elif parts(inner):
            yield from leaves(path, inner)
        else:
            yield path, info


def _fields(annotation: Any) -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for part in parts(annotation):
        for name, info in part.model_fields.items():
            found.setdefault(name, info)
    return found


def _below(annotation: Any, name: str) -> Any:
    if get_origin(annotation) is Mapping:
        return get_args(annotation)[1]
    info = _fields(annotation).get(name)
    return info.annotation if info else None


def _is_table_of_parts(annotation: Any) -> bool:
    return get_origin(annotation) is Mapping and bool(parts(get_args(annotation)[1]))
