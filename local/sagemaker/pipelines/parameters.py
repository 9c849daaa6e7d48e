"""The values of a pipeline's parameters for one execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import ValidationError
from local.sagemaker.pipelines.definition import Parameter

_BOOLEANS = {"true": True, "false": False}


def bind(declared: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """Every parameter with its typed value: the one given as text, else its default. Raises ValidationError."""
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise ValidationError(f"Unknown pipeline parameters: {', '.join(unknown)}. Declared: {_names(declared)}.")
    lacking = sorted(name for name, p in declared.items() if p.default is None and name not in given)
    if lacking:
        raise ValidationError(f"Pipeline parameters without a default need a value: {', '.join(lacking)}.")
    return {name: _typed(p, given.get(name, p.default)) for name, p in declared.items()}


def as_text(value: Any) -> str:
    """A value as Pipelines writes it into strings."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(parameter: Parameter, value: Any) -> Any:
    try:
        typed = _convert(parameter.kind, value)
    except (KeyError, ValueError) as error:
        wanted = f"{value!r} is not of type {parameter.kind}"
        raise ValidationError(f"Pipeline parameter {parameter.name}: {wanted}.") from error
    if parameter.allowed and typed not in parameter.allowed:
        raise ValidationError(f"Pipeline parameter {parameter.name}: {value!r} is not one of {parameter.allowed}.")
    return typed


def _convert(kind: str, value: Any) -> Any:
    if kind == "Boolean":
        return _BOOLEANS[as_text(value).lower()]
    if kind == "Integer":
        return int(str(value))
    return float(value) if kind == "Float" else str(value)


def _names(declared: Mapping[str, Parameter]) -> str:
    return ", ".join(sorted(declared)) or "none"
