"""One run: what serves, what it saw in a window, what the monitors say of it; published, here or by a job."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from monitor import quality
from monitor.judgement import Judgement, Outcome
from monitor.policy import Policy
from monitor.running import judges, labels, publishing
from monitor.running.clients import Clients
from monitor.running.errors import RunError
from monitor.running.explaining import Explaining
from monitor.running.findings import Findings
from monitor.running.job import Jobs
from monitor.running.judges import Labelled
from monitor.running.place import Place
from monitor.running.serving import Reference, Served, look, reference
from monitor.running.storage import Stored, fetch, listed
from monitor.running.window import Window
from monitor.running.witness import Seen, witness

_log = logging.getLogger(__name__)

MASKED = "-masked.jsonl"
"""How the files end in which masked requests are captured."""
UNREADABLE_LABELS = "a line of labels that is none"
_MEGABYTE = 1_000_000


def run(place: Place, policy: Policy, window: Window, clients: Clients, *, jobs: Jobs | None = None) -> dict[str, Any]:
    """Judge a window and publish what was found. Gives the verdict.

    With ``jobs`` a window whose captured requests are larger than the policy's ``job_above_mb`` is left to a Processing
    job; then ``job`` names it. Where nothing serves, nothing is judged and nothing published but that.
    """
    served = look(place, clients.sagemaker)
    if served is None:
        publishing.idle(place, clients)
        return {"outcome": str(Outcome.INSUFFICIENT_DATA), "reason": f"Nothing serves {place.model} yet."}
    captured = _captured(served, window, policy, clients=clients)
    size = sum(stored.size_bytes for stored in {*captured, *_earlier(served, window, policy, clients=clients)})
    if jobs is not None and policy.explainability is not None:
        _explain(Explaining(place=place, policy=policy, served=served, clients=clients), window, captured, jobs=jobs)
    if jobs is not None and size > policy.job_above_mb * _MEGABYTE:
        named = identity(served, window)
        name = jobs.start(place, policy, window, run=named, sagemaker=clients.sagemaker)
        return {"job": name, "run": named, "reason": f"{size / _MEGABYTE:.0f} MB were captured: a job judges them."}
    with tempfile.TemporaryDirectory() as folder:
        task = _Task(place=place, policy=policy, window=window, served=served, clients=clients, folder=Path(folder))
        return publishing.publish(task.findings(captured), clients)


def _explain(explaining: Explaining, window: Window, captured: Sequence[Stored], *, jobs: Jobs) -> None:
    """Have a job explain what the window was answered; a later run judges what it leaves.

    One that cannot be started leaves nothing, which is that monitor's affair: the others are heard all the same.
    """
    named = identity(explaining.served, window)
    try:
        with tempfile.TemporaryDirectory() as folder:
            explaining.start(window, captured, run=named, jobs=jobs, folder=Path(folder))
    except (ClientError, BotoCoreError, RunError):
        _log.exception("the answers of run %s are not explained", named)


def identity(served: Served, window: Window) -> str:
    """The id of a run: when its window ends, and a hash of what it looks at."""
    text = f"{served.package} {window.start.isoformat()} {window.end.isoformat()}"
    return f"{window.end.astimezone(UTC):%Y%m%dt%H%M%Sz}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _captured(served: Served, window: Window, policy: Policy, *, clients: Clients) -> list[Stored]:
    """What was captured; with masked columns what the model's container has written, since SageMaker knows no masks."""
    folder = served.captures
    found = listed(clients.s3, folder.bucket, [f"{folder.key}/{hour}/" for hour in window.hours()])
    return [stored for stored in found if stored.key.endswith(MASKED if policy.masked else ".jsonl")]


def _earlier(served: Served, window: Window, policy: Policy, *, clients: Clients) -> list[Stored]:
    """What was captured in the window whose labels are expected by now, where that is another one."""
    delay = policy.quality.label_delay_minutes if policy.quality else 0
    return _captured(served, window.earlier(minutes=delay), policy, clients=clients) if delay else []


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What is looked at, and where files are put meanwhile."""

    place: Place
    policy: Policy
    window: Window
    served: Served
    clients: Clients
    folder: Path

    def findings(self, captured: Sequence[Stored]) -> Findings:
        """What the monitors say of the captured requests; what cannot be judged at all has failed."""
        try:
            known = reference(self.served.baseline, self.clients.s3) if self.served.baseline else None
        except RunError as error:
            return self._told(judges.without(self.policy, str(error)))
        if known is None:
            return self._told(judges.without(self.policy, judges.NO_BASELINE))
        seen = self._seen(captured, self.window, known)
        labelled = self._labelled(seen, known)
        explaining = Explaining(place=self.place, policy=self.policy, served=self.served, clients=self.clients)
        judged = judges.judge(
            self.policy, seen, labelled, known, explained=lambda: explaining.judge(known, now=self.window.end)
        )
        if labelled and labelled.unreadable:
            seen = replace(seen, skipped={**seen.skipped, UNREADABLE_LABELS: labelled.unreadable})
        return self._told(judged, seen=seen, baseline=known.folder)

    def _told(self, judgements: Sequence[Judgement], *, seen: Seen | None = None, baseline: str = "") -> Findings:
        return Findings(
            place=self.place,
            window=self.window,
            run=identity(self.served, self.window),
            package=self.served.version,
            judgements=judgements,
            rows=seen.profile.rows if seen else 0,
            skipped=seen.skipped if seen else {},
            examples=seen.examples if seen else {},
            baseline=baseline,
        )

    def _seen(self, captured: Sequence[Stored], window: Window, known: Reference) -> Seen:
        paths = fetch(self.clients.s3, captured, self.folder / "captured")
        return witness(paths, window, columns=known.columns, kept=judges.kept(self.policy))

    def _labelled(self, seen: Seen, known: Reference) -> Labelled | None:
        """The requests of the window in which labels are expected by now, with those that have come."""
        if self.policy.quality is None:
            return None
        delay = self.policy.quality.label_delay_minutes
        window = self.window.earlier(minutes=delay) if delay else self.window
        if delay:
            earlier = _earlier(self.served, self.window, self.policy, clients=self.clients)
            seen = self._seen(earlier, window, known)
        since = Window(start=window.start, end=self.window.end)
        s3 = self.clients.s3
        table, unreadable = labels.read(fetch(s3, labels.pushed(self.place, since, s3), self.folder))
        joined = quality.join(seen.table, table)
        return Labelled(table=joined.table, coverage=joined.coverage, unreadable=unreadable)
