"""What a label of a model may be: what its data contract says of the target, and what its monitors take labels for."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from cli.checkout import ROOT
from cli.connection import Connection
from cli.label_file import Judge
from env import naming

_WHOLE = re.compile(r"[+-]?[0-9]+")


def judge_of(connection: Connection, model: str) -> Judge:
    """Says what is wrong with a label of a model; without a contract in the checkout only its kind can be known."""
    contract = ROOT / "pipelines" / naming.folder(model) / "contract.json"
    if contract.is_file():
        return by_contract(json.loads(contract.read_text(encoding="utf-8")))
    monitor = connection.stage.models[model].monitor
    numbers = monitor is not None and monitor.quality is not None and monitor.quality.kind == "regression"
    return by_contract({"target": "label", "fields": [{"name": "label", "type": "number" if numbers else "string"}]})


def by_contract(contract: Mapping[str, Any]) -> Judge:
    """Says what is wrong with a text as a value of a contract's target."""
    target = contract["target"]
    [field] = [field for field in contract["fields"] if field["name"] == target]
    kind, constraints = field["type"], field.get("constraints", {})

    def judge(text: str) -> str | None:
        if not _is(kind, text):
            return f"{target} is {text!r}, which is no {_KINDS[kind]}"
        if "enum" in constraints and text not in map(str, constraints["enum"]):
            return f"{target} is {text!r}: it is one of {', '.join(map(str, constraints['enum']))}"
        if kind != "string" and not _within(float(text), constraints):
            return f"{target} is {text}: it is {_bounds(constraints)}"
        return None

    return judge


_KINDS = {"integer": "whole number", "number": "number", "string": "text"}


def _is(kind: str, text: str) -> bool:
    if kind == "integer":
        return _WHOLE.fullmatch(text) is not None
    if kind == "number":
        try:
            return math.isfinite(float(text)) and "_" not in text
        except ValueError:
            return False
    return True


def _within(value: float, constraints: Mapping[str, Any]) -> bool:
    least, most = constraints.get("minimum", -math.inf), constraints.get("maximum", math.inf)
    return bool(least <= value <= most)


def _bounds(constraints: Mapping[str, Any]) -> str:
    least, most = constraints.get("minimum"), constraints.get("maximum")
    return " and ".join(
        [*([f"at least {least}"] if least is not None else []), *([f"at most {most}"] if most is not None else [])]
    )
