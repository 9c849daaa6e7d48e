"""Clarify's analysis.json of explanations: what a run finds, and what a baseline is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.files.lenient import mapping, number

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
    for method, labels in mapping(document.get("explanations")).items():
        for label, entry in mapping(labels).items():
            values = {name: number(each) for name, each in mapping(mapping(entry).get("global_shap_values")).items()}
            known = {name: abs(value) for name, value in values.items() if value is not None}
            if known:
                found.append(Explained(label, method, known, _expected(mapping(entry).get("expected_value"))))
    return tuple(found)


def _expected(value: Any) -> float | None:
    """One number, also where Clarify writes a list of one."""
    return number(value[0] if isinstance(value, list) and value else value)
