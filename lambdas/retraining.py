"""Whether a model is trained anew, decided from what is: pure, so that every case can be tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lambdas.drift import Data, Drift, Execution, Retrainings, Verdict, name
from lambdas.journal import DAY
from lambdas.records import Gathering, NotRetrained, Retraining, RetrainingStarted

START: Final = timedelta(minutes=10)
"""How long after it was decided a retraining may be asked of the pipeline: SageMaker's memory of tokens has an end."""

FENCE: Final = timedelta(minutes=20)
"""How long after that one that was asked for may still begin: the function has run into its time-out by then."""

LEASE: Final = timedelta(minutes=15)
"""How long a function may gather rows: as long as it lives."""

_REASON_CHARACTERS: Final = 900
"""A pipeline's parameter and a package's description hold 1,024 (SageMaker API Reference, "Parameter")."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing is to be done, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Collect:
    """The labelled rows of the last hours are to be gathered."""


@dataclass(frozen=True, kw_only=True)
class Append:
    """This is to be written: a refusal, or what was decided or seen."""

    record: Gathering | Retraining | RetrainingStarted | NotRetrained


@dataclass(frozen=True, kw_only=True)
class Start:
    """The pipeline is to be started for this retraining; to ask twice starts it once."""

    retraining: Retraining


Action = Wait | Collect | Append | Start


def decide(drift: Drift) -> Action:
    """The next step towards a model that knows what its traffic looks like now.

    The answer depends on nothing but `drift`: an event that comes twice, late or out of order asks the same question.
    What speaks against a retraining is written down, once a day; what has already been answered is waited for.
    """
    if unfinished := Retrainings(drift.journal).open:
        return _go_on(unfinished, drift)
    if not drift.found:
        return Wait(reason="no alarm rings for what a monitor has found")
    verdict = max(drift.found, key=lambda found: found.ended)
    if expected := next(_answered(verdict, drift), None):
        return Wait(reason=expected)
    if objection := next(_objections(verdict, drift), None):
        return _refuse(objection, verdict, drift)
    if drift.data is None:
        return _gather(verdict, drift)
    if objection := next(_too_little(drift.data, drift), None):
        return _refuse(objection, verdict, drift)
    return Append(record=_retraining(verdict, drift.data, drift))


def _answered(verdict: Verdict, drift: Drift) -> Iterator[str]:
    """What is being done about it already, by a retraining of ours or by a release: no news to anybody."""
    retrainings, release = Retrainings(drift.journal), drift.journal.open
    if release is not None:
        yield f"version {release.version} is being released, which may be the cure"
    if drift.serving is None:
        yield "what serves is of no release that the ledger knows"
    elif drift.serving != verdict.version:
        yield f"version {drift.serving} serves, and the monitor has judged version {verdict.version}"
    last, under_way = retrainings.last, {execution.arn for execution in drift.executions if execution.runs}
    if last and retrainings.execution(last) in under_way:
        yield f"the retraining of version {last.version} is under way"
    # One that was given up counts as well: what SageMaker has refused it would refuse again.
    if any(retraining.run == verdict.run for retraining in drift.journal.every(Retraining)):
        yield f"run {verdict.run} of the monitor has led to a retraining already"


def _objections(verdict: Verdict, drift: Drift) -> Iterator[str]:
    """What speaks against a retraining now, the most important first; the same words as long as it is the same."""
    policy, journal = drift.policy, drift.journal
    if policy.stop:
        yield "retraining is stopped (monitor.retraining.stop)"
    if any(execution.runs for execution in drift.executions):
        yield f"another execution of the pipeline {policy.pipeline} is under way"
    if drift.waiting is not None:
        yield f"version {drift.waiting}, trained because of drift, waits for a decision: approve or reject it"
    before = [retraining.at for retraining in Retrainings(journal).lasting()]
    if before and journal.now - before[0] < timedelta(hours=policy.cooldown_hours):
        yield f"the last retraining is less than {policy.cooldown_hours} hours old"
    if sum(journal.now - at < DAY for at in before) >= policy.at_most_per_day:
        yield f"a day has had all its retrainings (monitor.retraining.at_most_per_day is {policy.at_most_per_day})"


def _gather(verdict: Verdict, drift: Drift) -> Action:
    """Have one function gather rows, which takes minutes: several alarms ring, and runs end, at the same time."""
    newest = next(drift.journal.every(Gathering), None)
    if newest and newest.sequence == drift.claim:
        return Collect()
    if newest and newest.run == verdict.run and drift.journal.now - newest.at < LEASE:
        return Wait(reason="the rows with labels are being gathered, or were a moment ago")
    return Append(record=Gathering(version=verdict.version, run=verdict.run))


def _too_little(data: Data, drift: Drift) -> Iterator[str]:
    """What speaks against training on the rows that there are."""
    policy, last = drift.policy, Retrainings(drift.journal).last
    if data.rows < policy.minimum_rows:
        yield f"the last {policy.lookback_hours} hours have fewer than {policy.minimum_rows} rows with labels"
    elif last and last.sha256 == data.sha256:
        yield f"the rows with labels are those of the retraining with the number {last.sequence}"


def _refuse(reason: str, verdict: Verdict, drift: Drift) -> Action:
    """Write down why not, unless that was done within a day and since the last retraining."""
    journal, last = drift.journal, Retrainings(drift.journal).last
    since = last.sequence if last else 0
    for record in journal.every(NotRetrained):
        same = (record.version, record.reason) == (verdict.version, reason)
        if same and record.sequence > since and journal.now - record.at < DAY:
            return Wait(reason=reason)
    return Append(record=NotRetrained(version=verdict.version, reason=reason))


def _retraining(verdict: Verdict, data: Data, drift: Drift) -> Retraining:
    found = "; ".join(f"{each.monitor}: {each.reason.rstrip('.')}" for each in drift.found)
    return Retraining(
        version=verdict.version,
        monitors=tuple(each.monitor for each in drift.found),
        run=verdict.run,
        reason=_one_line(f"Retrained because version {verdict.version} has drifted. {found}."),
        report=verdict.report,
        data=data.uri,
        rows=data.rows,
        sha256=data.sha256,
    )


def _one_line(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _REASON_CHARACTERS else f"{folded[: _REASON_CHARACTERS - 1]}…"


def _go_on(retraining: Retraining, drift: Drift) -> Action:
    """Start what was decided, note that it has begun, or give it up once it can begin no more."""
    if begun := _found(retraining, drift.executions):
        return Append(record=started(retraining, begun.arn))
    now, until = drift.journal.now, retraining.at + START
    if now < until and not drift.policy.stop:
        return Start(retraining=retraining)
    if now < until + FENCE:
        return Wait(reason=f"the retraining with the number {retraining.sequence} has not begun and shall not")
    why = "retraining was stopped" if drift.policy.stop else "the pipeline could not be started in time"
    return Append(record=given_up(retraining, why))


def _found(retraining: Retraining, executions: tuple[Execution, ...]) -> Execution | None:
    return next((execution for execution in executions if execution.name == name(retraining)), None)


def started(retraining: Retraining, execution: str) -> RetrainingStarted:
    """The record that a retraining has begun."""
    return RetrainingStarted(
        about=retraining.sequence, version=retraining.version, execution=execution, reason=retraining.reason
    )


def given_up(retraining: Retraining, reason: str) -> NotRetrained:
    """The record that a retraining shall never begin."""
    return NotRetrained(about=retraining.sequence, version=retraining.version, reason=reason)
