"""Judges explainability: whether the features that counted most still do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from monitor.attribution.documents import Explained, read
from monitor.attribution.facts import Attribution, AttributionFacts
from monitor.attribution.ranking import ndcg, ranks
from monitor.files import ANALYSIS, VIOLATIONS, violations
from monitor.judgement import Judgement, Metric, Monitor, Outcome, Violation
from monitor.policy import ExplainabilityPolicy

CHECK: Final = "feature_attribution_drift_check"
METHODS: Final = {"kernel_shap": "Shapley values"}
_METHOD: Final = "KernelShap"
_NAMED: Final = 3


def judge(
    analysis: Mapping[str, Any],
    *,
    baseline: Mapping[str, Any] | None,
    policy: ExplainabilityPolicy,
    rows: int,
    minimum_rows: int = 30,
) -> Judgement:
    """Judge the attributions of a window: ``analysis`` and ``baseline`` are documents of the form of analysis.json.

    It is a violation when the NDCG of the features' order, with the baseline's attributions for gains, is below
    ``policy.minimum_ndcg``; of several labels the one that moved most is drawn. ``rows`` were explained.
    """
    if rows < minimum_rows:
        return _undecided(
            Outcome.INSUFFICIENT_DATA, f"{rows:,} rows were explained; {minimum_rows:,} are needed.", rows
        )
    current, before = read(analysis), {each.label: each for each in read(baseline or {})}
    pairs = [(each, before[each.label]) for each in current if each.label in before]
    if not pairs:
        missing = "attributions of the window" if before else "baseline of attributions"
        return _undecided(Outcome.FAILED, f"There are no {missing} to compare.", rows)
    scores = {each.label: ndcg(each.values, then.values) for each, then in pairs}
    if any(math.isnan(score) for score in scores.values()):
        return _undecided(Outcome.FAILED, "The baseline says that no feature counts at all.", rows)
    worst, then = min(pairs, key=lambda pair: scores[pair[0].label])
    features = _features(worst, then)
    broken = tuple(
        _violation(each, scores[each.label], policy, features=_features(each, other))
        for each, other in pairs
        if scores[each.label] < policy.minimum_ndcg
    )
    return Judgement(
        monitor=Monitor.EXPLAINABILITY,
        outcome=Outcome.COMPLETED_WITH_VIOLATIONS if broken else Outcome.COMPLETED,
        reason=_reason(scores[worst.label], policy, features, rows=rows),
        rows=rows,
        violations=broken,
        metrics=tuple(metric for each in current for metric in _metrics(each)),
        files={
            ANALYSIS: analysis,
            VIOLATIONS: violations.document(Monitor.EXPLAINABILITY, broken),
        },
        facts=AttributionFacts(
            ndcg=scores[worst.label],
            minimum_ndcg=policy.minimum_ndcg,
            rows=rows,
            method=METHODS.get(worst.method, worst.method),
            features=features,
        ),
    )


def _features(current: Explained, before: Explained) -> tuple[Attribution, ...]:
    """All features of both, those that counted most in the baseline first, then new ones."""
    values = {feature: current.values.get(feature, 0.0) for feature in {*current.values, *before.values}}
    now, then = ranks(values), ranks(before.values)
    all_now, all_then = sum(values.values()) or 1.0, sum(before.values.values()) or 1.0
    ordered = sorted(values, key=lambda feature: (then.get(feature, len(values) + 1), now[feature]))
    return tuple(
        Attribution(
            feature=feature,
            value=values[feature],
            share=values[feature] / all_now,
            rank=now[feature],
            baseline=before.values.get(feature),
            baseline_share=before.values[feature] / all_then if feature in before.values else None,
            baseline_rank=then.get(feature),
        )
        for feature in ordered
    )


def _violation(
    explained: Explained, score: float, policy: ExplainabilityPolicy, *, features: tuple[Attribution, ...]
) -> Violation:
    said = f"The order of the features' attributions agrees by an nDCG of {score:.3f} with the baseline's"
    return Violation(
        feature=explained.label,
        check=CHECK,
        description=f"{said}, and at least {policy.minimum_ndcg:g} is wanted: {_moved(features)}.",
        value=score,
        threshold=policy.minimum_ndcg,
    )


def _reason(score: float, policy: ExplainabilityPolicy, features: tuple[Attribution, ...], *, rows: int) -> str:
    compared = f"nDCG {score:.3f}, at least {policy.minimum_ndcg:g} is wanted, over {rows:,} explained rows"
    if score < policy.minimum_ndcg:
        return f"Other features count than at training: {_moved(features)}; {compared}."
    most = min(features, key=lambda each: each.rank)
    return f"The features count as at training, {most.feature} most; {compared}."


def _moved(features: tuple[Attribution, ...]) -> str:
    """The features whose part has changed most, in words."""
    ordered = sorted(features, key=lambda each: -abs(each.share - (each.baseline_share or 0.0)))
    return ", ".join(
        f"{each.feature} {each.share:.0%} of all (was {each.baseline_share or 0.0:.0%})" for each in ordered[:_NAMED]
    )


def _metrics(explained: Explained) -> list[Metric]:
    """As Clarify publishes them ("CloudWatch Metrics for Feature Attribution Drift", SageMaker developer guide)."""
    named = {"ExplainabilityMethod": _METHOD, "Label": explained.label}
    found = [
        Metric(name=f"feature_{feature}", value=value, dimensions={**named, "ValueType": "GlobalShapValues"})
        for feature, value in explained.values.items()
    ]
    if explained.expected is not None:
        dimensions = {**named, "ValueType": "ExpectedValue"}
        found.append(Metric(name="ExpectedValue", value=explained.expected, dimensions=dimensions))
    return found


def _undecided(outcome: Outcome, reason: str, rows: int) -> Judgement:
    return Judgement(monitor=Monitor.EXPLAINABILITY, outcome=outcome, reason=reason, rows=rows)
