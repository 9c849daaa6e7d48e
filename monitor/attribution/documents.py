"""Clarify's analysis.json of explanations: what a run finds, and what a baseline is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LABEL = "label0"
"""What Clarify calls an answer that has no name."""


@dataclass(frozen=True)
class Explained:
    """The attributions of one label."""

    label: str
    method: str
    """``kernel_shap``, as the file has it."""
    values: Mapping[str, float]
    """Feature → mean absolute attribution."""
    expected: float | None
    """The mean answer over the background rows."""


def read(document: Mapping[str, Any]) -> tuple[Explained, ...]:
    """Every label of an analysis.json, ours or Clarify's; empty when it explains nothing."""
    found = []
    for method, labels in _mapping(document.get("explanations")).items():
        for label, entry in _mapping(labels).items():
            values = {name: _number(each) for name, each in _mapping(_mapping(entry).get("global_shap_values")).items()}
            known = {name: abs(value) for name, value in values.items() if value is not None}
            if known:
                found.append(Explained(label, method, known, _expected(_mapping(entry).get("expected_value"))))
    return tuple(found)


def _expected(value: Any) -> float | None:
    """One number, also where Clarify writes a list of one."""
    return _number(value[0] if isinstance(value, list) and value else value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
