"""Parameters and results as CloudTrail writes them down: in camel case, without what is secret or a blob."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.parsers import ResponseParserError, create_parser

from local.model import service
from local.requests import Asked
from local.seams import Outcome

_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
_LONGEST: Final = 100 * 1024  # CloudTrail User Guide, record contents: requestParameters, responseElements
_SECRET: Final = frozenset({"SecretAccessKey", "SecretString", "Password"})  # where AWS's models do not say so


def parameters(asked: Asked) -> str:
    """The request's parameters; "" where there are none, or more than CloudTrail keeps."""
    shape = service(asked.service).operation_model(asked.operation).input_shape
    return _json(shape, asked.params)


def results(asked: Asked, outcome: Outcome) -> str:
    """What was answered to a request that changed something; "" for all others, and for more than is kept."""
    shape = service(asked.service).operation_model(asked.operation).output_shape
    if not asked.mutates or shape is None or outcome.error_code or outcome.reply.status >= 400:
        return ""
    return _json(shape, _read(asked, outcome, shape) if outcome.result is None else outcome.result)


def failure(asked: Asked, outcome: Outcome) -> tuple[str, str]:
    """Code and message of an error; two empty ones for what went well."""
    if outcome.error_code:
        return outcome.error_code, outcome.error_message
    if outcome.reply.status < 400:
        return "", ""
    error = _parsed(asked, outcome, None).get("Error", {})
    return str(error.get("Code", outcome.reply.status)), str(error.get("Message", ""))


def _read(asked: Asked, outcome: Outcome, shape: Shape) -> dict[str, Any]:
    return {} if len(outcome.reply.body) > _LONGEST else _parsed(asked, outcome, shape)


def _parsed(asked: Asked, outcome: Outcome, shape: Shape | None) -> dict[str, Any]:
    reply = outcome.reply
    response: Any = {"status_code": reply.status, "headers": _Headers(reply.headers), "body": reply.body}
    try:
        parsed: dict[str, Any] = create_parser(_protocol(asked.service)).parse(response, shape)  # type: ignore[arg-type]
    except ResponseParserError:
        return {}
    return parsed


def _protocol(name: str) -> str:
    known = service(name)
    return str(known.metadata.get("protocols", [known.protocol])[0])


class _Headers(dict[str, str]):
    """Headers by any case, as parsers ask for them."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


def _json(shape: Shape | None, value: Mapping[str, Any]) -> str:
    told = _told(shape, value) if shape is not None and value else {}
    text = json.dumps(told, default=str) if told else ""
    return text if len(text) <= _LONGEST else ""


def _told(shape: Shape, value: Any) -> Any:
    if shape.metadata.get("sensitive"):
        return _HIDDEN
    if isinstance(shape, StructureShape):
        shown = ((name, member) for name, member in shape.members.items() if value.get(name) is not None)
        return {
            _camel(name): _HIDDEN if name in _SECRET else _told(member, value[name])
            for name, member in shown
            if member.type_name != "blob"
        }
    if isinstance(shape, ListShape):
        return [_told(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _told(shape.value, item) for key, item in value.items()}
    return value.strftime("%b %d, %Y, %I:%M:%S %p") if isinstance(value, datetime) else value


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
