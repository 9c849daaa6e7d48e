"""What measuring a model gives, and the files that a run leaves of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """A model's metrics on rows that it has not seen."""

    kind: str
    """The member of evaluation.json that holds the metrics."""
    metrics: Mapping[str, Mapping[str, Any]]
    """Name → ``value`` and ``standard_deviation``."""
    more: Mapping[str, Any]
    """What stands beside the metrics and is no number: curves, counts."""
    rows: int
    plots: Mapping[str, str]
    """Name → SVG."""

    @property
    def values(self) -> dict[str, float]:
        """Name → value."""
        return {name: metric["value"] for name, metric in self.metrics.items()}

    def document(self, *, sha256: str, additions: Mapping[str, Any]) -> dict[str, Any]:
        """The statistics of a model package, in the form of Model Monitor's model quality files, and additions."""
        return {
            "version": 0.0,
            "dataset": {"item_count": self.rows, "sha256": sha256},
            self.kind: {**self.metrics, **self.more},
            **additions,
        }


def write(
    folder: Path, evaluation: Evaluation, *, document: Mapping[str, Any], summary: Mapping[str, str], sample: bytes
) -> None:
    """Write ``evaluation.json``, ``summary.json``, ``sample.tar.gz`` and ``plots/`` into ``folder``."""
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    for name, svg in evaluation.plots.items():
        (folder / "plots" / f"{name}.svg").write_text(svg, encoding="utf-8")
    _write(folder / "evaluation.json", document)
    _write(folder / "summary.json", summary)
    (folder / "sample.tar.gz").write_bytes(sample)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    # A NaN would be no JSON, and the gate could not read it.
    path.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
