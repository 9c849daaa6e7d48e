"""What is kept of a model's releases, and why; the rest goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lambdas import remains
from lambdas.journal import Journal
from lambdas.records import Outcome
from lambdas.remains import Current, Found, Kind

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

_BEGINNING = timedelta(hours=1)
"""What is younger may belong to a release or a deployment that has begun while this function runs."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What of a model is kept: the last `releases` that served well, and whatever is younger than `days`."""

    releases: int
    days: int


class Broom:
    """What is kept of one model and why, and what goes."""

    def __init__(self, journal: Journal, keep: Keep, *, stage: str, sagemaker: SageMakerClient) -> None:
        self._journal, self._keep, self._sagemaker = journal, keep, sagemaker
        self._tags = {"sluice:model": journal.model, "sluice:stage": stage}
        self._current: dict[Kind, Current] = {}
        self._reasons: dict[tuple[Kind, str], str] = {}
        self._configs: set[str] = set()

    def keep_live(self, described: DescribeEndpointOutputTypeDef | None, *, current: dict[Kind, Current]) -> None:
        """Keep what serves, what is on its way, what the stack holds, and the releases to go back to."""
        self._current = current
        for config, version in _served_well(self._journal, self._keep.releases).items():
            self._note("endpoint config", config, f"version {version} served well")
        for kind, held in current.items():
            self._note(kind, held.name, "the serving stack holds it")
        pending = described.get("PendingDeploymentSummary") if described else None
        if pending:
            self._note("endpoint config", pending["EndpointConfigName"], "it is being deployed")
        if described and (config := described.get("EndpointConfigName")):
            self._note("endpoint config", config, "it serves")

    def sweep(self, report: dict[str, Any]) -> None:
        """Delete what has no reason to stay, configs before the models they run; say it in `report`."""
        left = self._sweep("endpoint config", report)
        spelt = {config.lower(): config for config in (*self._configs, *left)}
        for config in sorted(spelt.values()):
            for model in remains.models_of(config, self._sagemaker):
                self._note("model", model, f"{config} runs it")
        self._sweep("model", report)

    def _sweep(self, kind: Kind, report: dict[str, Any]) -> set[str]:
        """The names of a kind that are left afterwards."""
        left: set[str] = set()
        if kind not in self._current:
            return left
        for found in remains.find(self._current[kind].family, kind, self._sagemaker):
            entry = {"model": self._journal.model, "kind": kind, "name": found.name}
            if why := self._why(found):
                report["kept"].append({**entry, "why": why})
                left.add(found.name)
            elif report["dry_run"]:
                report["deleted"].append(entry)
            elif failure := remains.delete(found, self._sagemaker):
                report["failed"].append({**entry, "why": failure})
                left.add(found.name)
            else:
                report["deleted"].append(entry)
        return left

    def _why(self, found: Found) -> str | None:
        """The reason to keep something. Its tags are asked for last: that is a call for each."""
        if reason := self._reasons.get((found.kind, found.name.lower())):
            return reason
        age, days = self._journal.now - found.created, timedelta(days=self._keep.days)
        if age < max(days, _BEGINNING):
            return f"it is younger than {self._keep.days} days" if age < days else "it is new"
        if remains.tagged(found, self._tags, self._sagemaker):
            return None
        return f"it lacks the tags {', '.join(f'{key}={value}' for key, value in self._tags.items())}"

    def _note(self, kind: Kind, name: str, why: str) -> None:
        # SageMaker lower-cases names in ARNs, so that a physical id may be spelt in another way than the name.
        self._reasons[kind, name.lower()] = why
        if kind == "endpoint config":
            self._configs.add(name)


def _served_well(journal: Journal, releases: int) -> dict[str, int]:
    """The endpoint configs of the last versions that served well, with the version, newest first."""
    found: dict[int, str] = {}
    for outcome in journal.every(Outcome):
        if outcome.outcome == "deployed" and outcome.config and outcome.version not in journal.vetoes:
            found.setdefault(outcome.version, outcome.config)
    return {config: version for version, config in list(found.items())[:releases]}
