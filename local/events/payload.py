"""What a target is sent: the event, a constant, a part of the event, or a template filled from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from local.errors import ValidationError

_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\[\d+\])*")
_PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_ABSENT = object()


def check_payload(target: Mapping[str, Any]) -> None:
    """Check a target's Input, InputPath and InputTransformer as PutTargets does. Raises ValidationError."""
    given = [name for name in ("Input", "InputPath", "InputTransformer") if name in target]
    if len(given) > 1:
        raise ValidationError(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        )
    if "Input" in target:
        _check_json(target["Input"], target_id=target["Id"])
    transformer = target.get("InputTransformer", {})
    paths = transformer.get("InputPathsMap", {})
    for path in (*paths.values(), target.get("InputPath", "$")):
        if not _PATH.fullmatch(path):
            raise ValidationError(f"JSONPath {path} is not valid for target {target['Id']}: names and indexes only.")
    for name in _PLACEHOLDER.findall(transformer.get("InputTemplate", "")):
        if name not in paths and not name.startswith("aws.events."):
            raise ValidationError(f"InputTemplate for target {target['Id']} contains invalid placeholder {name}.")


def payload(target: Mapping[str, Any], event: dict[str, Any], *, rule_arn: str) -> str:
    """The text that the target gets for an event, JSON except for a template that is not ("Amazon EventBridge input
    transformation": a value inside quotes is inserted as it is, outside of them as JSON)."""
    if "Input" in target:
        return str(target["Input"])
    if "InputTransformer" in target:
        return _filled(target["InputTransformer"], event, rule_arn=rule_arn)
    found = _at(event, target.get("InputPath", "$"))
    return json.dumps({} if found is _ABSENT else found)


def _filled(transformer: Mapping[str, Any], event: dict[str, Any], *, rule_arn: str) -> str:
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }
    template = transformer["InputTemplate"]
    pieces, end = [], 0
    for found in _PLACEHOLDER.finditer(template):
        quoted = _inside_quotes(template, found.start())
        pieces += [template[end : found.start()], _inserted(values.get(found[1], _ABSENT), quoted=quoted)]
        end = found.end()
    return "".join([*pieces, template[end:]])


def _inserted(value: Any, *, quoted: bool) -> str:
    if value is _ABSENT:
        return "" if quoted else '""'
    if not quoted:
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]


def _inside_quotes(template: str, position: int) -> bool:
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1


def _at(event: Any, path: str) -> Any:
    value = event
    for name, index in _PART.findall(path):
        if name and isinstance(value, dict) and name in value:
            value = value[name]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return _ABSENT
    return value


def _check_json(text: str, *, target_id: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise ValidationError(f"Invalid input for target {target_id} : {error}.") from error
