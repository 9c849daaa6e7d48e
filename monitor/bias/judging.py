"""Judges bias: by a policy's limits, or by the baseline where chance does not explain the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from monitor.bias import documents
from monitor.bias.cells import FAVOURABLE, UNKNOWN, Answers, BadBias, Facet
from monitor.bias.comparing import FEWEST_ON_A_SIDE, Standard, facts
from monitor.bias.facts import BiasFacts, BiasMeasure, FacetFacts
from monitor.bias.measuring import Measured
from monitor.bias.metrics import NAMES
from monitor.files import ANALYSIS, VIOLATIONS, violations
from monitor.files import metrics as published
from monitor.judgement import Judgement, Metric, Monitor, Outcome, Violation
from monitor.policy import BiasPolicy, QualityPolicy
from monitor.quality.values import texts

_SHOWN: Final = 5
CHECK: Final = "bias_drift_check"
_STAGES: Final = {"pre_training": "Pre-training", "post_training": "Post-Training"}


def judge(
    table: pa.Table,
    *,
    policy: BiasPolicy,
    quality: QualityPolicy | None,
    baseline: Mapping[str, Any] | None,
    false_alarm_rate: float = 0.01,
) -> Judgement:
    """Judge the answers in ``table``: ``prediction``, the facets' columns, ``label`` where known, features for FT.

    ``baseline`` is an analysis.json. A metric with a limit is a violation when it is farther from neutral than that.
    Without any limit, DPL, DPPL, DI, RD and SD are held to the baseline: farther from neutral than there is a
    violation, when a window of the baseline's kind would be so in less than ``false_alarm_rate`` of runs (all
    facets and metrics together, Holm's correction). Metrics of labels count from ``quality.minimum_labels`` on.
    """
    if not table.num_rows:
        reason = "There are no answers to compare the groups by."
        return Judgement(monitor=Monitor.BIAS, outcome=Outcome.INSUFFICIENT_DATA, reason=reason, rows=0)
    try:
        answers = Answers.of(table, policy=policy, quality=quality)
        found = _measured(answers, policy)
        against = Standard(policy=policy, baseline=baseline or {}, fewest=quality.minimum_labels if quality else 0)
    except BadBias as error:
        return Judgement(monitor=Monitor.BIAS, outcome=Outcome.FAILED, reason=str(error), rows=0)
    facets = against.judged(found, rate=false_alarm_rate)
    broken = tuple(_violation(facet, each) for facet in facets for each in facet.measures if each.violated)
    outcome, reason = _verdict(facets, broken, against=against, answers=answers)
    return Judgement(
        monitor=Monitor.BIAS,
        outcome=outcome,
        reason=reason,
        rows=len(answers.label),
        violations=broken,
        metrics=tuple(_metric(facet, each, answers.favourable) for facet in facets for each in _known(facet)),
        files={
            ANALYSIS: _document(found, facets, answers.favourable),
            VIOLATIONS: violations.document(Monitor.BIAS, broken),
        },
        facts=BiasFacts(favourable=answers.favourable, facets=facets),
    )


def baseline(table: pa.Table, *, policy: BiasPolicy, quality: QualityPolicy | None) -> dict[str, dict[str, Any]]:
    """analysis.json of a labelled table with the columns that `judge` takes.

    BadBias where it cannot be measured: no row is of a facet's group, or no label is the favourable one.
    """
    answers = Answers.of(table, policy=policy, quality=quality)
    found = _measured(answers, policy)
    for each in found:
        if not each.facet.in_group.any():
            raise BadBias(f"No row is of {each.facet.name}={each.facet.value}; {_there(table, each.facet.name)}.")
    if (answers.label != UNKNOWN).any() and not (answers.label == FAVOURABLE).any():
        raise BadBias(f"No label is {answers.favourable!r}, the favourable one; {_there(table, 'label')}.")
    return {ANALYSIS: _document(found, [facts(each) for each in found], answers.favourable)}


def _there(table: pa.Table, name: str) -> str:
    """The values of a column, in words."""
    if name not in table.column_names:
        return f"there is no column {name!r}"
    return f"there are {', '.join(sorted(set(texts(table[name]).to_pylist()) - {None})[:_SHOWN])}"


def _measured(answers: Answers, policy: BiasPolicy) -> list[Measured]:
    if not policy.facets:
        raise BadBias("The policy of bias names no facet.")
    return [
        Measured.of(answers, Facet.of(answers.table, name, value), group_variable=policy.group_variable)
        for name, value in policy.facets.items()
    ]


def _verdict(
    facets: tuple[FacetFacts, ...], broken: tuple[Violation, ...], *, against: Standard, answers: Answers
) -> tuple[Outcome, str]:
    judged = [each for facet in facets for each in facet.measures if each.judged]
    groups = ", ".join(f"{each.group.rows:,} of {each.facet}={each.value}" for each in facets)
    labelled = max(each.group.labelled + each.others.labelled for each in facets)
    rows = f"{len(answers.label):,} answers, {groups}, {labelled:,} labels"
    if broken:
        listed = ", ".join(f"{each.check.split()[0]} of {each.feature} is {each.value:.3g}" for each in broken)
        return Outcome.COMPLETED_WITH_VIOLATIONS, f"Farther from equal treatment than admitted: {listed}; {rows}."
    if judged:
        return Outcome.COMPLETED, f"No farther from equal treatment than admitted by {len(judged)} metrics; {rows}."
    few = any(each.group.rows < FEWEST_ON_A_SIDE or each.others.rows < FEWEST_ON_A_SIDE for each in facets)
    if few or len(answers.label) < against.fewest or against.exists(facets):
        return Outcome.INSUFFICIENT_DATA, f"Too few rows or labels to compare the groups: {rows}."
    return Outcome.FAILED, f"There is neither a limit nor a baseline to hold the window to; {rows}."


def _violation(facet: FacetFacts, measure: BiasMeasure) -> Violation:
    value = measure.value if measure.value is not None else math.nan
    between = "" if measure.low is None else f" (95 % interval {measure.low:.3g} to {measure.high:.3g})"
    said = f"{measure.title} ({measure.code}) of {facet.facet}={facet.value} is {value:.3g}{between}"
    if measure.limit is not None:
        held = f"it may be at most {measure.limit:.3g} from {measure.neutral:g}"
    else:
        held = f"the baseline's is {measure.baseline:.3g}; chance makes it so much worse with p = {measure.p_value:.2g}"
    return Violation(
        feature=f"{facet.facet}={facet.value}",
        check=f"{measure.code} {CHECK}",
        description=f"{said}; {held}.",
        value=value,
        threshold=measure.limit if measure.limit is not None else measure.baseline,
        p_value=measure.p_value,
    )


def _known(facet: FacetFacts) -> list[BiasMeasure]:
    return [each for each in facet.measures if each.value is not None]


def _metric(facet: FacetFacts, measure: BiasMeasure, favourable: str) -> Metric:
    """As Clarify publishes it ("CloudWatch Metrics for Bias Drift Analysis", SageMaker developer guide)."""
    value = published.finite(measure.value if measure.value is not None else math.nan)
    return Metric(
        name=f"bias_metric_{measure.code}",
        value=value if value is not None else 0.0,
        dimensions={
            "BiasStage": _STAGES[measure.stage],
            "Label": documents.LABEL,
            "LabelValue": favourable,
            "Facet": facet.facet,
            "FacetValue": facet.value,
        },
    )


def _document(found: list[Measured], facets: Any, favourable: str) -> dict[str, Any]:
    deviations = {
        documents.deviation_key(each.facet.name, code): each.deviation(code) for each in found for code in NAMES
    }
    return documents.analysis(facets, favourable=favourable, deviations=deviations)
