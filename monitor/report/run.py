"""What a report is about, beside what the monitors have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a model's monitors, over one window of its traffic."""

    stage: str
    model: str
    package_version: str
    """The version that served, as people name it: ``credit-risk/3``; empty where no registry knows of it."""
    run: str
    """The id of the run."""
    start: datetime
    """Where the window begins: aware, included."""
    end: datetime
    """Where it ends: aware, not included."""
    made: datetime
    """When the run was, by the clock of the cloud."""
    rows: int
    """Rows of the window that could be read."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Reason → how many records were left out for it."""
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Reason → a few of them, as ``file:line: why``."""
    baseline: str = ""
    """Where the baseline lies (URI or path)."""
