"""The judgement of data quality."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from monitor.files import CONSTRAINTS, STATISTICS, VIOLATIONS, metrics
from monitor.files import constraints as constraints_file
from monitor.files import statistics as statistics_file
from monitor.files import violations as violations_file
from monitor.judgement import Judgement, Metric, Monitor, Outcome, Violation
from monitor.judging import contents, drift, schema
from monitor.judging.baseline import Baseline
from monitor.judging.drawing import drawn
from monitor.judging.facts import DataFacts, Feature
from monitor.judging.pairs import Pair, pair
from monitor.judging.suspicion import Found, notes, violations, weigh
from monitor.policy import DataPolicy, Policy
from monitor.profile import Profile

_UNLIKE: Final = 0.9
"""The share of different texts from which on there is nothing to count."""
_NAMED: Final = 4
"""Features that a reason names; the violations have them all."""
_MOVED: Final = ("baseline_drift_check", "missing_column_check", "data_type_check")
"""Checks that fail where a column holds what another should."""


@dataclass(frozen=True)
class _Compared:
    """A window beside its baseline, feature by feature."""

    pairs: Mapping[str, Pair]
    drifts: Mapping[str, drift.Drift]
    found: Sequence[Found]


def judge(baseline: Baseline, current: Profile, policy: Policy) -> Judgement:
    """Holds the profile of a window against a baseline; never raises for what the data hold.

    Its violations together are by chance alone at most at the policy's false-alarm rate. Files: ``statistics.json`` of
    the window, ``constraints.json`` that it was held to, ``constraint_violations.json``. Facts: `facts.DataFacts`;
    None where there was nothing to compare.
    """
    baseline, current = _in_clear(baseline, policy.masked), _clear(current, policy.masked)
    if not baseline.profile.rows:
        return _unjudged(current, Outcome.FAILED, "The baseline has no rows.")
    if not current.rows:
        return _unjudged(current, Outcome.INSUFFICIENT_DATA, "The window has no rows that could be read.")
    compared = _compare(baseline, current, policy)
    enough = min(current.rows, baseline.profile.rows) >= policy.data.minimum_rows
    said = _said(compared, baseline, current, policy) if enough and baseline.constraints.evaluate else ()
    features = _features(compared, policy, said)
    outcome = Outcome.COMPLETED_WITH_VIOLATIONS if said else Outcome.COMPLETED
    return Judgement(
        monitor=Monitor.DATA_QUALITY,
        outcome=outcome if enough else Outcome.INSUFFICIENT_DATA,
        reason=_reason(said, features, current.rows) if enough else _too_few(current, baseline, policy.data),
        rows=current.rows,
        violations=said,
        metrics=_metrics(features) if baseline.constraints.emit_metrics else (),
        files=_files(current, baseline, said),
        facts=DataFacts(
            baseline_rows=baseline.profile.rows,
            current_rows=current.rows,
            false_alarm_rate=policy.data.false_alarm_rate,
            checks=len(compared.found),
            resolution=_resolution(compared.pairs.values()),
            features=features,
        ),
    )


def _in_clear(baseline: Baseline, masked: Collection[str]) -> Baseline:
    """A baseline without masked columns: it may come from a stage that masks none, and files and page show values."""
    kept = tuple(each for each in baseline.constraints.features if each.name not in masked)
    constraints = replace(baseline.constraints, features=kept)
    return replace(baseline, profile=_clear(baseline.profile, masked), constraints=constraints)


def _clear(profile: Profile, masked: Collection[str]) -> Profile:
    columns = {name: column for name, column in profile.columns.items() if name not in masked}
    return Profile(rows=profile.rows, columns=columns)


def _unjudged(current: Profile, outcome: Outcome, reason: str) -> Judgement:
    return Judgement(monitor=Monitor.DATA_QUALITY, outcome=outcome, reason=reason, rows=current.rows)


def _ignored(policy: Policy) -> frozenset[str]:
    return frozenset(name for name, own in policy.data.features.items() if own.ignore)


def _compare(baseline: Baseline, current: Profile, policy: Policy) -> _Compared:
    constraints, ignored = baseline.constraints, _ignored(policy)
    pairs = {each.name: pair(each, baseline, current) for each in constraints.features}
    drifts = {name: drift.measure(each, policy.data, robust=constraints.robust) for name, each in pairs.items()}
    suspicions = list(schema.extra_columns(baseline, current, ignored))
    for own in constraints.features:
        if own.name in ignored:
            continue
        suspicions += contents.suspicions(pairs[own.name], own, constraints)
        if constraints.compare:
            suspicions += drift.suspicions(pairs[own.name], drifts[own.name])
    return _Compared(pairs, drifts, weigh(suspicions))


def _said(compared: _Compared, baseline: Baseline, current: Profile, policy: Policy) -> tuple[Violation, ...]:
    """The violations; those of columns whose values stand elsewhere now say where."""
    said = violations(compared.found, policy.data.false_alarm_rate)
    moved = [each.feature for each in said if each.check in _MOVED]
    new = [each.feature for each in said if each.check == "extra_column_check"]
    elsewhere = schema.lookalikes(baseline, current, list(dict.fromkeys(moved)), new)
    ordered = sorted(said, key=_rank)
    return tuple(_pointed(each, elsewhere) if each.check in _MOVED else each for each in ordered)


def _rank(violation: Violation) -> tuple[bool, float]:
    """What the reader needs first: another schema, then what has moved, the farthest first, then the rest."""
    if violation.check in ("missing_column_check", "extra_column_check", "data_type_check"):
        return False, -math.inf
    drifted = violation.check == "baseline_drift_check" and violation.value and violation.threshold
    return not drifted, -(violation.value or 0.0) / violation.threshold if drifted and violation.threshold else 0.0


def _pointed(violation: Violation, elsewhere: Mapping[str, str]) -> Violation:
    place = elsewhere.get(violation.feature)
    if place is None:
        return violation
    pointer = f" Column {place!r} holds now what the baseline has here: renamed or swapped?"
    return replace(violation, description=violation.description + pointer)


def _features(compared: _Compared, policy: Policy, said: Sequence[Violation]) -> tuple[Feature, ...]:
    noted = notes(compared.found, policy.data.false_alarm_rate)
    chances = {each.suspicion.feature: each.p_value for each in compared.found if each.suspicion.family == "drift"}
    ignored = _ignored(policy)
    return tuple(
        drawn(
            each,
            compared.drifts[name],
            p_value=chances.get(name),
            checks=tuple(found.check for found in said if found.feature == name),
            notes=("Ignored.",) if name in ignored else noted.get(name, ()),
        )
        for name, each in compared.pairs.items()
    )


def _too_few(current: Profile, baseline: Baseline, policy: DataPolicy) -> str:
    needed = f"{policy.minimum_rows:,} are needed."
    if current.rows < policy.minimum_rows:
        return f"{_number_of_rows(current.rows)} too few: {needed}"
    return f"The baseline's {_number_of_rows(baseline.profile.rows)} too few: {needed}"


def _number_of_rows(rows: int) -> str:
    return f"{rows:,} rows are" if rows != 1 else "1 row is"


def _reason(said: Sequence[Violation], features: Sequence[Feature], rows: int) -> str:
    if not said:
        return _like(features, rows)
    names = list(dict.fromkeys(each.feature for each in said))
    return f"{len(said)} violation{'s' * (len(said) > 1)} in {rows:,} rows: {_some(names)}."


def _like(features: Sequence[Feature], rows: int) -> str:
    """All is well; what could not be held against the baseline is no part of that."""
    looked_at = [each for each in features if not each.ignored]
    alike = [each.name for each in looked_at if not _comparable(each)]
    said = f"{rows:,} rows look like the baseline in "
    if not alike:
        return f"{said}all {len(looked_at)} features." if len(looked_at) != 1 else f"{said}its one feature."
    rest = f"{len(looked_at) - len(alike)} of {len(looked_at)} features"
    return f"{said}{rest}; without values, of no simple type or different in every row: {_some(alike)}."


def _comparable(feature: Feature) -> bool:
    """Whether its values could have moved: those of names and free text are others each time."""
    if feature.distance is None:
        return False
    sides = (feature.baseline, feature.current)
    return feature.kind == "numeric" or any(
        (side.distinct or 0) < _UNLIKE * (side.rows - side.missing) for side in sides
    )


def _some(names: Sequence[str]) -> str:
    several = len(names) > _NAMED + 1
    return ", ".join(names[: _NAMED if several else None]) + (f" and {len(names) - _NAMED} others" if several else "")


def _metrics(features: Sequence[Feature]) -> tuple[Metric, ...]:
    given = []
    for feature in features:
        distance, completeness, mean = metrics.data(feature.name)
        if feature.distance is not None:
            given.append(Metric(name=distance, value=feature.distance))
        given.append(Metric(name=completeness, value=1 - feature.current.missing / feature.current.rows))
        if feature.current.numbers and feature.current.numbers.mean is not None:
            given.append(Metric(name=mean, value=feature.current.numbers.mean))
    return tuple(given)


def _files(current: Profile, baseline: Baseline, said: Sequence[Violation]) -> dict[str, Any]:
    return {
        STATISTICS: statistics_file.document(current),
        CONSTRAINTS: constraints_file.document(baseline.constraints),
        VIOLATIONS: violations_file.document(Monitor.DATA_QUALITY, said),
    }


def _resolution(pairs: Any) -> float:
    return max((max(each.error, each.before.numbers.error, each.now.numbers.error) for each in pairs), default=0.0)
