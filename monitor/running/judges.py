"""Puts what a window has seen before each monitor that the policy asks for; one that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from monitor import bias, business, judging, quality
from monitor.judgement import Judgement, Monitor, Outcome
from monitor.policy import Policy
from monitor.quality.facts import Coverage
from monitor.running.serving import Reference
from monitor.running.witness import Seen

_log = logging.getLogger(__name__)
NOBODY = "Nobody has asked the model in the window."
NO_BASELINE = "The version that serves was registered without a baseline: train the model again, so that it gets one."


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Captured requests with the labels that came later: the columns of a window and ``label``, null where unknown."""

    table: pa.Table
    coverage: Coverage
    unreadable: int = 0
    """Lines of labels that were none."""


def kept(policy: Policy) -> set[str]:
    """The columns that monitors need row by row."""
    facets = set(policy.bias.facets) if policy.bias else set()
    grouped = {policy.bias.group_variable} if policy.bias and policy.bias.group_variable else set()
    named = business.columns(policy.business) if policy.business else set()
    return {*facets, *grouped, *named} - set(policy.masked)


def judge(
    policy: Policy,
    seen: Seen,
    labelled: Labelled | None,
    reference: Reference,
    *,
    explained: Callable[[], Judgement],
) -> list[Judgement]:
    """One judgement for each monitor of the policy, data quality first; ``explained`` gives explainability's."""
    answers = labelled.table if labelled else _unlabelled(seen.table)
    found = [_guarded(Monitor.DATA_QUALITY, lambda: _data(policy, seen, reference))]
    if policy.quality is not None:
        found.append(_guarded(Monitor.MODEL_QUALITY, lambda: _quality(policy, labelled, reference)))
    if policy.bias is not None:
        found.append(_guarded(Monitor.BIAS, lambda: _bias(policy, answers, reference)))
    if policy.explainability is not None:
        found.append(_guarded(Monitor.EXPLAINABILITY, explained))
    if policy.business:
        found.append(_guarded(Monitor.BUSINESS, lambda: _business(policy, answers)))
    return found


def without(policy: Policy, reason: str, *, outcome: Outcome = Outcome.FAILED) -> list[Judgement]:
    """The judgements of a run in which nothing can be judged."""
    asked = [Monitor.DATA_QUALITY, *(kind for kind, settings in _optional(policy) if settings)]
    return [Judgement(monitor=kind, outcome=outcome, reason=reason, rows=0) for kind in asked]


def _optional(policy: Policy) -> list[tuple[Monitor, object]]:
    return [
        (Monitor.MODEL_QUALITY, policy.quality),
        (Monitor.BIAS, policy.bias),
        (Monitor.EXPLAINABILITY, policy.explainability),
        (Monitor.BUSINESS, policy.business),
    ]


def _guarded(monitor: Monitor, judge: Callable[[], Judgement]) -> Judgement:
    try:
        return judge()
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the outcome, and the others must be heard
        _log.exception("%s failed", monitor)
        return Judgement(monitor=monitor, outcome=Outcome.FAILED, reason=f"{type(error).__name__}: {error}", rows=0)


def _data(policy: Policy, seen: Seen, reference: Reference) -> Judgement:
    return judging.judge(judging.load(reference.data), seen.profile, policy)


def _quality(policy: Policy, labelled: Labelled | None, reference: Reference) -> Judgement:
    assert policy.quality is not None
    if labelled is None:
        return _unjudged(Monitor.MODEL_QUALITY, "No labels have come.")
    return quality.judge(
        labelled.table,
        policy=policy.quality,
        baseline=reference.quality,
        coverage=labelled.coverage,
        false_alarm_rate=policy.data.false_alarm_rate,
    )


def _bias(policy: Policy, answers: pa.Table, reference: Reference) -> Judgement:
    assert policy.bias is not None
    assert policy.quality is not None
    if not answers.num_rows:
        return _unjudged(Monitor.BIAS, NOBODY)
    return bias.judge(
        answers,
        policy=policy.bias,
        quality=policy.quality,
        baseline=reference.bias,
        false_alarm_rate=policy.data.false_alarm_rate,
    )


def _business(policy: Policy, answers: pa.Table) -> Judgement:
    if not answers.num_rows:
        return _unjudged(Monitor.BUSINESS, NOBODY)
    return business.judge(answers, kpis=policy.business, quality=policy.quality, minimum_rows=policy.data.minimum_rows)


def _unlabelled(table: pa.Table) -> pa.Table:
    return table.append_column("label", pa.nulls(table.num_rows, pa.string()))


def _unjudged(monitor: Monitor, reason: str) -> Judgement:
    return Judgement(monitor=monitor, outcome=Outcome.INSUFFICIENT_DATA, reason=reason, rows=0)
