"""A stack's parameters: what was given, what the template's constraints say to it, and what `Ref` makes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.template import Template
from local.soundness import fits

Fetch = Callable[[str], str | None]
"""Gives the value of an SSM parameter by its name; None when there is none."""

_SSM_VALUE: Final = re.compile(r"AWS::SSM::Parameter::Value<(?P<inner>.+)>")


@dataclass(frozen=True)
class Parameter:
    """A parameter with its value: `text` as it was given, `value` as `Ref` gives it (a list for list types)."""

    text: str
    value: str | list[str]
    no_echo: bool = False
    resolved: str | None = None

    def described(self, name: str) -> dict[str, str]:
        """The parameter as DescribeStacks shows it: masked with NoEcho, with the value found in SSM."""
        shown = {"ParameterKey": name, "ParameterValue": "****" if self.no_echo else self.text}
        return shown if self.resolved is None else shown | {"ResolvedValue": self.resolved}


def given(
    requested: Sequence[Mapping[str, Any]], template: Template, *, previous: Mapping[str, Parameter]
) -> dict[str, str]:
    """The texts that a request gives to parameters, with `UsePreviousValue` looked up. Raises InvalidRequest."""
    names = [item["ParameterKey"] for item in requested]
    unknown = [name for name in names if name not in template.parameters]
    if unknown:
        raise InvalidRequest(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    return {item["ParameterKey"]: _text(item, previous) for item in requested}


def resolve(template: Template, texts: Mapping[str, str], *, fetch: Fetch) -> dict[str, Parameter]:
    """Every parameter of the template with its value: the given text, else the default. Raises InvalidRequest."""
    missing = [name for name, what in template.parameters.items() if name not in texts and "Default" not in what]
    if missing:
        raise InvalidRequest(f"Parameters: [{', '.join(missing)}] must have values")
    return {
        name: _parameter(name, what, _as_text(texts.get(name, what.get("Default"))), fetch=fetch)
        for name, what in template.parameters.items()
    }


def _text(item: Mapping[str, Any], previous: Mapping[str, Parameter]) -> str:
    name = item["ParameterKey"]
    if not item.get("UsePreviousValue"):
        return _as_text(item.get("ParameterValue", ""))
    if "ParameterValue" in item:
        both = "Invalid input for parameter key {}. Cannot specify usePreviousValue as true and a value for it"
        raise InvalidRequest(both.format(name))
    if name not in previous:
        raise InvalidRequest(
            f"Invalid input for parameter key {name}. "
            "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
        )
    return previous[name].text


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(_as_text, value))
    return str(value)


def _parameter(name: str, what: Mapping[str, Any], text: str, *, fetch: Fetch) -> Parameter:
    kind, resolved = str(what["Type"]), None
    _check(name, what, text)
    found = _SSM_VALUE.fullmatch(kind)
    if found:
        kind, resolved = found["inner"], fetch(text)
        if resolved is None:
            raise InvalidRequest(f"Unable to fetch parameters [{text}] from parameter store for this account.")
    value = text if resolved is None else resolved
    return Parameter(text, _typed(kind, value), str(what.get("NoEcho", "")).lower() == "true", resolved)


def _typed(kind: str, text: str) -> str | list[str]:
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in text.split(",")] if text else []
    return text


def _check(name: str, what: Mapping[str, Any], text: str) -> None:
    listed = what.get("Type") == "CommaDelimitedList" or str(what.get("Type", "")).startswith("List<")
    allowed = [_as_text(item) for item in what.get("AllowedValues", [])]
    values = [item.strip() for item in text.split(",")] if listed else [text]
    if allowed and any(value not in allowed for value in values):
        raise _broken(name, what, f"Parameter '{name}' must be one of AllowedValues")
    if str(what.get("Type", "")).removeprefix("List<").rstrip(">") == "Number":
        for value in values:
            _check_number(name, what, value)
    _check_text(name, what, text)


def _check_number(name: str, what: Mapping[str, Any], text: str) -> None:
    try:
        number = float(text)
    except ValueError as error:
        raise InvalidRequest(f"Parameter '{name}' must be a number") from error
    if not math.isfinite(number):
        raise InvalidRequest(f"Parameter '{name}' must be a number")
    if "MinValue" in what and number < float(what["MinValue"]):
        raise _broken(name, what, f"Parameter '{name}' must be a number not less than {what['MinValue']}")
    if "MaxValue" in what and number > float(what["MaxValue"]):
        raise _broken(name, what, f"Parameter '{name}' must be a number not greater than {what['MaxValue']}")


def _check_text(name: str, what: Mapping[str, Any], text: str) -> None:
    if "MinLength" in what and len(text) < int(what["MinLength"]):
        raise _broken(name, what, f"Parameter '{name}' must contain at least {what['MinLength']} characters")
    if "MaxLength" in what and len(text) > int(what["MaxLength"]):
        raise _broken(name, what, f"Parameter '{name}' must contain at most {what['MaxLength']} characters")
    pattern = what.get("AllowedPattern")
    if pattern and not fits(pattern, text):
        raise _broken(name, what, f"Parameter '{name}' must match pattern {pattern}")


def _broken(name: str, what: Mapping[str, Any], message: str) -> InvalidRequest:
    described = what.get("ConstraintDescription")
    if described:
        return InvalidRequest(f"Parameter '{name}' failed to satisfy constraint: {described}")
    return InvalidRequest(message)
