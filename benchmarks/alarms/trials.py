"""Pairs of samples and what is said of them: by the monitor, and by two rules that people use instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alarms.populations import sample, shifted
from monitor.judgement import Judgement
from monitor.judging import Baseline, judge, suggest
from monitor.judging.drift import measure
from monitor.judging.pairs import pair
from monitor.policy import DataPolicy, Policy
from monitor.profile import Profile

SIZES = (200, 500, 1000, 2000, 5000)
BASELINES = (750, *SIZES)
POLICY = Policy()
_UNTOLERANT = Policy(data=DataPolicy(numeric_distance=1e-9, categorical_distance=1e-9))


@dataclass
class Alarms:
    """How many of the pairs of unchanged samples had a violation, by rule."""

    pairs: int = 0
    ours: int = 0
    tests_alone: int = 0
    """Our tests at the same rate, with distances tolerated at nothing: whether the rate holds by itself."""
    distance_alone: int = 0
    """Distances over the same thresholds, whatever the sample's size."""
    each_at_5_percent: int = 0
    """Any feature's test significant at 5 %, uncorrected."""
    checks: Counter[str] = field(default_factory=Counter)
    """Which of our checks have alarmed falsely."""


def unchanged(population: Any, pairs: int, *, seed: int) -> Alarms:
    """Draws pairs of samples of one population, of all sizes, and counts the alarms; every check is on."""
    draw, alarms = np.random.default_rng(seed), Alarms()
    for _ in range(pairs):
        rows_before, rows = int(draw.choice(BASELINES)), int(draw.choice(SIZES))
        baseline, window = _baseline(population, rows_before, draw), Profile.of([sample(population, rows, draw)])
        judgement = judge(baseline, window, POLICY)
        alarms.pairs += 1
        alarms.ours += bool(judgement.violations)
        alarms.tests_alone += bool(judge(baseline, window, _UNTOLERANT).violations)
        alarms.checks.update(violation.check for violation in judgement.violations)
        alarms.distance_alone += any(
            each.distance is not None and each.distance > each.threshold for each in judgement.facts.features
        )
        alarms.each_at_5_percent += _any_at_5_percent(baseline, window)
    return alarms


def found(population: Any, *, shift: float, rows: int, rows_before: int, trials: int, seed: int) -> int:
    """In how many trials a shift of one feature, another in each trial, is a violation of that feature.

    Only bell-shaped features are shifted: no other shape hides a shift of so many standard deviations as well.
    """
    draw = np.random.default_rng(seed)
    hits = 0
    for trial, feature in zip(range(trials), _bells(population), strict=False):
        if trial % 4 == 0:
            baseline = _baseline(population, rows_before, draw)
        window = Profile.of([shifted(sample(population, rows, draw), feature, shift)])
        hits += is_found(judge(baseline, window, POLICY), feature)
    return hits


def is_found(judgement: Judgement, feature: str) -> bool:
    """Whether the drift of that feature is said."""
    return any(each.feature == feature and each.check == "baseline_drift_check" for each in judgement.violations)


def _baseline(population: Any, rows: int, draw: np.random.Generator) -> Baseline:
    profile = Profile.of([sample(population, rows, draw)])
    return Baseline(profile=profile, constraints=suggest(profile, POLICY.data))


def _bells(population: Any) -> Iterator[str]:
    """The normally distributed features, with and without missing values, again and again."""
    names = [name for name in population.column_names if name.startswith(("normal", "missing"))]
    while True:
        yield from names


def _any_at_5_percent(baseline: Baseline, window: Profile) -> bool:
    return any(
        measure(pair(each, baseline, window), POLICY.data, robust=True).p_value <= 0.05
        for each in baseline.constraints.features
    )
