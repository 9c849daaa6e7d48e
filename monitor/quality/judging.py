"""Judges model quality: by the limits of a policy, or by the baseline where chance does not explain the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from monitor.files import CONSTRAINTS, STATISTICS, VIOLATIONS, violations
from monitor.judgement import Judgement, Metric, Monitor, Outcome, Violation
from monitor.policy import QualityPolicy
from monitor.quality import comparing, documents, drawing, spread
from monitor.quality.classification import Decisions
from monitor.quality.comparing import short
from monitor.quality.facts import Coverage, Measure, UnmeasuredFacts
from monitor.quality.labelled import BadQuality, Labelled, joined
from monitor.quality.values import texts


def judge(
    table: pa.Table,
    *,
    policy: QualityPolicy,
    baseline: Mapping[str, Any] | None,
    constraints: Mapping[str, Any] | None = None,
    coverage: Coverage | None = None,
    false_alarm_rate: float = 0.01,
) -> Judgement:
    """Judge the labelled rows of ``table``: columns ``prediction`` and ``label``, null where nothing is known yet.

    ``baseline`` is a statistics.json of model quality. With limits in the policy a metric beyond its limit is a
    violation. Without, a metric that is worse than the baseline's is one, when samples of the baseline's quality would
    show so large a difference in less than ``false_alarm_rate`` of runs (all metrics together, Holm's correction).
    ``constraints``, a constraints.json of model quality, takes the place of both and is applied as Model Monitor does.
    """
    known = coverage or _counted(table)
    if not table.num_rows:
        return _unmeasured(Outcome.INSUFFICIENT_DATA, "There are no answers that labels could belong to.", known)
    try:
        labelled = Labelled.of(table, policy)
        held = comparing.limits(policy, constraints)
    except BadQuality as error:
        return _unmeasured(Outcome.FAILED, str(error), known)
    sample = labelled.sample
    if sample.rows < policy.minimum_labels:
        return _unmeasured(Outcome.INSUFFICIENT_DATA, _too_few(sample.rows, known, policy, labelled.note), known)
    reference = documents.Reference.of(baseline or {}, policy=policy)
    values, deviations = spread.values(sample), spread.deviations(sample)
    against = comparing.Standard(
        kind=policy.kind, limits=held, reference=reference, rows=sample.rows, rate=false_alarm_rate
    )
    measures = against.judged(values, deviations)
    found = tuple(comparing.violation(each, sample.rows) for each in measures if each.violated)
    outcome, reason = _verdict(measures, found, against=against, labelled=labelled, coverage=known)
    return Judgement(
        monitor=Monitor.MODEL_QUALITY,
        outcome=outcome,
        reason=reason,
        rows=sample.rows,
        violations=found,
        metrics=tuple(Metric(name=name, value=value) for name, value in values.items() if math.isfinite(value)),
        files={
            STATISTICS: documents.statistics(sample, policy=policy, values=values, deviations=deviations),
            CONSTRAINTS: documents.constraints(policy.kind, reference.values, held),
            VIOLATIONS: violations.document(Monitor.MODEL_QUALITY, found),
        },
        facts=drawing.facts(sample, policy, measures=measures, coverage=known, note=labelled.note),
    )


def baseline(table: pa.Table, *, policy: QualityPolicy) -> dict[str, dict[str, Any]]:
    """statistics.json and constraints.json of a labelled table (``prediction``, ``label``).

    BadQuality where no row has both, or no label is the positive one: a monitor could never judge by that.
    """
    sample = Labelled.of(table, policy).sample
    if not sample.rows:
        raise BadQuality("No row has both a prediction and a label.")
    if isinstance(sample, Decisions) and not sample.positive.any():
        found = ", ".join(sorted(set(texts(table["label"]).to_pylist()) - {None})[:5])
        raise BadQuality(f"No label is {policy.positive_label!r}, the positive_label of the policy; there are {found}.")
    values, deviations = spread.values(sample), spread.deviations(sample)
    return {
        STATISTICS: documents.statistics(sample, policy=policy, values=values, deviations=deviations),
        CONSTRAINTS: documents.constraints(policy.kind, values, policy.limits),
    }


def _verdict(
    measures: tuple[Measure, ...],
    found: tuple[Violation, ...],
    *,
    against: comparing.Standard,
    labelled: Labelled,
    coverage: Coverage,
) -> tuple[Outcome, str]:
    judged = [each for each in measures if each.judged]
    labels = f"{labelled.sample.rows:,} of {coverage.rows:,} answers have a label"
    if not against.exists:
        return Outcome.FAILED, joined(
            [f"There is neither a limit nor a baseline to hold the window to; {labels}.", labelled.note]
        )
    if not judged:
        said = f"None of the metrics that the window is held to can be measured; {labels}."
        return Outcome.INSUFFICIENT_DATA, joined([said, labelled.note])
    if found:
        listed = ", ".join(f"{each.feature} is {short(each.value)} against {short(each.threshold)}" for each in found)
        return Outcome.COMPLETED_WITH_VIOLATIONS, joined([f"Worse than admitted: {listed}; {labels}.", labelled.note])
    listed = ", ".join(f"{each.name} {short(each.value)}" for each in judged[:3])
    return Outcome.COMPLETED, joined([f"As good as demanded: {listed}; {labels}.", labelled.note])


def _unmeasured(outcome: Outcome, reason: str, coverage: Coverage) -> Judgement:
    return Judgement(
        monitor=Monitor.MODEL_QUALITY,
        outcome=outcome,
        reason=reason,
        rows=coverage.labelled,
        facts=UnmeasuredFacts(coverage=coverage),
    )


def _too_few(rows: int, coverage: Coverage, policy: QualityPolicy, note: str) -> str:
    said = f"{rows:,} of {coverage.rows:,} answers have a usable label; {policy.minimum_labels:,} are needed."
    return joined([said, note])


def _counted(table: pa.Table) -> Coverage:
    if "label" not in table.column_names:
        return Coverage(rows=table.num_rows, labelled=0)
    return Coverage(rows=table.num_rows, labelled=table.num_rows - texts(table["label"]).null_count)
