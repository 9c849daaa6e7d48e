"""What a run came to: its judgements, and the verdict that is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.judgement import Judgement, Outcome, Violation, worst
from monitor.running.place import Place
from monitor.running.window import Window, folder, spelled

VERSION: Final = 1
TOLD: Final = 5
"""How many violations of each monitor an event tells."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """One run of all monitors of a model over one window."""

    place: Place
    window: Window
    run: str
    """The id of the run: the same for the same window of the same package, so that a second try writes over it."""
    package: str
    """The package that served, as people name it: ``credit-risk/3``."""
    judgements: Sequence[Judgement]
    rows: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    baseline: str = ""

    @property
    def outcome(self) -> Outcome:
        """The outcome of the run as a whole."""
        return worst([judgement.outcome for judgement in self.judgements])

    @property
    def reason(self) -> str:
        """Why it is what it is, in the words of the monitors that it is due to."""
        return " ".join(each.reason for each in self.judgements if each.outcome == self.outcome)

    @property
    def key(self) -> str:
        """The folder of its files in the capture bucket."""
        return f"reports/{self.place.model}/{folder(self.window.end)}/{self.run}"

    @property
    def report(self) -> str:
        """The URI of its page for people."""
        return f"s3://{self.place.capture_bucket}/{self.key}/report.html"

    def verdict(self, *, told: int | None = None) -> dict[str, Any]:
        """What a machine reads of the run; with ``told`` no more violations of each monitor than that."""
        return {
            "version": VERSION,
            "stage": self.place.stage,
            "model": self.place.model,
            "package_version": self.package,
            "run": self.run,
            "window": {"start": spelled(self.window.start), "end": spelled(self.window.end)},
            "rows": self.rows,
            "outcome": str(self.outcome),
            "reason": self.reason,
            "monitors": {str(each.monitor): _of(each, told) for each in self.judgements},
            "skipped": dict(self.skipped),
            "report": self.report,
        }


def _of(judgement: Judgement, told: int | None) -> dict[str, Any]:
    return {
        "outcome": str(judgement.outcome),
        "reason": judgement.reason,
        "rows": judgement.rows,
        "violations": [_spelled(violation) for violation in judgement.violations[:told]],
    }


def _spelled(violation: Violation) -> dict[str, Any]:
    members = ("feature", "check", "description", "value", "threshold", "p_value")
    return {name: _finite(getattr(violation, name)) for name in members}


def _finite(value: Any) -> Any:
    """JSON knows neither NaN nor infinity."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
