"""A Lambda's environment as a frozen dataclass, written by `infra` and read by the function: one class, both ends."""

from __future__ import annotations

import collections.abc
import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from lambdas.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_T = TypeVar("_T", bound="DataclassInstance")


def to_environ(settings: DataclassInstance) -> dict[str, str]:
    """Environment variables for a settings object: `bake_seconds=60` becomes `BAKE_SECONDS=60`.

    A mapping becomes one variable of JSON: `models={"churn": Keep(days=7)}` is `MODELS={"churn":{"days":7}}`.
    All variables of a function together hold 4 KB at most (AWS Lambda Developer Guide, "Lambda quotas").
    """
    return {field.name.upper(): _write(getattr(settings, field.name)) for field in fields(settings)}


def from_environ(kind: type[_T], environ: Mapping[str, str]) -> _T:
    """The settings object that `to_environ` wrote. Raises SettingsError that names every missing variable."""
    wanted = [field.name for field in fields(kind)]
    missing = [name.upper() for name in wanted if name.upper() not in environ]
    if missing:
        raise SettingsError(f"missing environment variables: {', '.join(missing)}")
    hints = _hints(kind)
    return kind(**{name: _read(name, environ[name.upper()], hints[name]) for name in wanted})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Mapping):
        plain = {key: asdict(item) if is_dataclass(item) else item for key, item in value.items()}  # type: ignore[arg-type]
        return json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return str(value)


def _read(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise SettingsError(f"{name.upper()} is {text!r}: it must be true or false")
        return text == "true"
    if kind == tuple[str, ...]:
        return tuple(text.split(",")) if text else ()
    if get_origin(kind) is collections.abc.Mapping:
        return _mapping(name, text, get_args(kind)[1])
    return kind(text)


def _mapping(name: str, text: str, kind: Any) -> dict[str, Any]:
    try:
        plain = json.loads(text)
        nested = is_dataclass(kind)
        return {key: (_nested(kind, item) if nested else kind(item)) for key, item in plain.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"{name.upper()} is not a JSON object of {kind.__name__}: {error}") from error


def _nested(kind: Any, members: dict[str, Any]) -> Any:
    return kind(**members)
