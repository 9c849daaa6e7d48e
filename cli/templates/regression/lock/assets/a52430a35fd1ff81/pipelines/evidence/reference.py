"""What Evaluate leaves for monitors to compare with: scored rows with their labels, the contract, attributions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.evidence.contract import Contract
from pipelines.evidence.errors import DataError

MOST_BACKGROUND = 100
_SEED = 20


def predictions(
    scores: Sequence[float], labels: pd.Series, features: pd.DataFrame, *, contract: Contract
) -> pd.DataFrame:
    """Scored rows: ``prediction``, ``label`` as a value of the contract's target, protected features, other features.

    DataError for a label that the contract's target cannot have.
    """
    contract.label.refuse([str(label) for label in labels])
    others = [name for name in features.columns if name not in contract.protected]
    if taken := sorted({"prediction", "label"}.intersection(features.columns)):
        raise DataError(f"Column {', '.join(map(repr, taken))} has a name that monitors give; rename it.")
    found = features[[*(name for name in contract.protected if name in features.columns), *others]].copy()
    found.insert(0, "prediction", list(scores))
    found.insert(1, "label", list(labels))
    return found


def background(features: pd.DataFrame) -> pd.DataFrame:
    """The rows that attributions start from: train rows, drawn by a fixed seed."""
    return features.sample(min(MOST_BACKGROUND, len(features)), random_state=_SEED).sort_index()


def write(
    folder: Path,
    *,
    contract: Path,
    predictions: pd.DataFrame,
    background: pd.DataFrame,
    attributions: Mapping[str, Any] | None,
) -> None:
    """Write ``contract.json``, ``predictions.csv`` and, where there are attributions, the folder ``explainability``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.json").write_bytes(contract.read_bytes())
    predictions.to_csv(folder / "predictions.csv", index=False)
    if attributions is None:
        return
    place = folder / "explainability"
    place.mkdir(exist_ok=True)
    (place / "analysis.json").write_text(json.dumps(attributions, indent=1, allow_nan=False), encoding="utf-8")
    background.to_csv(place / "background.csv", index=False)
