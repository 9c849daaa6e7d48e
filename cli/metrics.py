"""The metrics of a version as its package tells them, and which direction of each is the better one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.printing import number

_PREFIX = "sluice:"
_FACTS = frozenset({"data-uri", "data-version", "data-sha256", "rows", "model-sha256", "report"})
"""What else stands in a package's metadata; it may look like a number and is none to compare."""

_HIGHER_IS_BETTER = frozenset(
    {"accuracy", "au_prc", "auc", "average_precision", "balanced_accuracy", "f0_5", "f1", "f2", "gini", "kappa", "mcc"}
    | {"ndcg", "precision", "r2", "recall", "true_negative_rate", "true_positive_rate"}
)
_LOWER_IS_BETTER = frozenset(
    {"brier", "cost", "ece", "error_rate", "false_negative_rate", "false_positive_rate", "log_loss", "mae", "mape"}
    | {"max_error", "mse", "rmse", "rmsle", "smape"}
)
_UNKNOWN = "none"
"""What pipelines write where a fact is not known: metadata cannot be empty."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One metric of a version beside that of another; `better` is None where nobody can tell or both are equal."""

    name: str
    value: float | None
    other: float | None
    better: bool | None


def of(package: Mapping[str, Any]) -> dict[str, float]:
    """Every metric of a described package: each number among its `sluice:` metadata that is no fact of its data."""
    metadata = package.get("CustomerMetadataProperties", {})
    found = {
        name.removeprefix(_PREFIX): as_number(text)
        for name, text in metadata.items()
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _FACTS
    }
    return {name: value for name, value in sorted(found.items()) if value is not None}


def fact(package: Mapping[str, Any], name: str) -> str | None:
    """What a package's metadata says of its data or artefact, by name: `data-uri`, `data-sha256` and so on."""
    told: str | None = package.get("CustomerMetadataProperties", {}).get(f"{_PREFIX}{name}")
    return None if told in (None, "", _UNKNOWN) else told


def compare(values: Mapping[str, float], others: Mapping[str, float]) -> list[Difference]:
    """Each metric of a version beside that of another version, by name; where one lacks it, its value is None."""
    return [
        Difference(name=name, value=values.get(name), other=others.get(name), better=_better(name, values, others))
        for name in sorted({*values, *others})
    ]


def as_number(text: str | None) -> float | int | None:
    """A text as a finite number, whole ones as integers; None when it is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def told(difference: Difference) -> str:
    """A difference as people read it: by how much, and whether that is better. Empty without another value."""
    if difference.value is None or difference.other is None:
        return ""
    by = difference.value - difference.other
    sign = "+" if by > 0 else "−" if by < 0 else "±"
    verdict = {True: " [green]better[/]", False: " [red]worse[/]", None: ""}[difference.better]
    size = f"{abs(by):.4f}".rstrip("0").rstrip(".")
    return f"{sign}{number(abs(by)) if size == '0' else size}{verdict}"


def _better(name: str, values: Mapping[str, float], others: Mapping[str, float]) -> bool | None:
    if name not in values or name not in others or values[name] == others[name]:
        return None
    if name in _HIGHER_IS_BETTER:
        return values[name] > others[name]
    return values[name] < others[name] if name in _LOWER_IS_BETTER else None
