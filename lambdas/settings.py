"""A Lambda's environment as a frozen dataclass, written by `infra` and read by the function: one class, both ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from lambdas.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_T = TypeVar("_T", bound="DataclassInstance")


def to_environ(settings: DataclassInstance) -> dict[str, str]:
    """Environment variables for a settings object: `bake_seconds=60` becomes `BAKE_SECONDS=60`."""
    return {field.name.upper(): _write(getattr(settings, field.name)) for field in fields(settings)}


def from_environ(kind: type[_T], environ: Mapping[str, str]) -> _T:
    """The settings object that `to_environ` wrote. Raises SettingsError that names every missing variable."""
    wanted = [field.name for field in fields(kind)]
    missing = [name.upper() for name in wanted if name.upper() not in environ]
    if missing:
        raise SettingsError(f"missing environment variables: {', '.join(missing)}")
    hints = get_type_hints(kind)
    return kind(**{name: _read(name, environ[name.upper()], hints[name]) for name in wanted})


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _read(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise SettingsError(f"{name.upper()} is {text!r}: it must be true or false")
        return text == "true"
    if kind == tuple[str, ...]:
        return tuple(text.split(",")) if text else ()
    return kind(text)
