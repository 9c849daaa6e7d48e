"""Whether a feature's values lie differently: the distances that thresholds are set for, and one test behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor import measures
from monitor.judging import evidence
from monitor.judging.pairs import Counts, Pair
from monitor.judging.suspicion import Family, Suspicion
from monitor.policy import DataPolicy

_LONG: Final = 1000
_HUGE: Final = 1e12
"""Numbers between the two are written out."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How far apart the two sides of a feature are; None where one of them has no values."""

    distance: float | None
    threshold: float
    psi: float | None
    psi_threshold: float | None
    jensen_shannon: float | None
    jensen_shannon_threshold: float | None
    p_value: float
    """The chance of lying so differently, uncorrected; 0 where chance is not to be asked (Simple)."""


def measure(pair: Pair, policy: DataPolicy, *, robust: bool) -> Drift:
    """The distances of a feature, its thresholds, and the chance of lying so differently."""
    own = policy.features.get(pair.name)
    general = policy.numeric_distance if pair.numeric else policy.categorical_distance
    in_bins = _in_bins(pair)
    return Drift(
        distance=_distance(pair),
        threshold=own.distance if own and own.distance is not None else general,
        psi=_known(measures.psi(*in_bins)),
        psi_threshold=own.psi if own and own.psi is not None else policy.psi,
        jensen_shannon=_known(measures.jensen_shannon(*in_bins)),
        jensen_shannon_threshold=own.jensen_shannon
        if own and own.jensen_shannon is not None
        else policy.jensen_shannon,
        p_value=_chance(pair) if robust else 0.0,
    )


def suspicions(pair: Pair, drift: Drift) -> Iterator[Suspicion]:
    """The drift of one feature. One test stands behind all distances, so that more of them raise no more alarms."""
    if drift.distance is None:
        return
    over = [
        (said, value, threshold)
        for said, value, threshold in (
            ("PSI", drift.psi, drift.psi_threshold),
            ("Jensen-Shannon distance", drift.jensen_shannon, drift.jensen_shannon_threshold),
        )
        if value is not None and threshold is not None and value > threshold
    ]
    large = drift.distance - pair.error > drift.threshold
    value, threshold = (drift.distance, drift.threshold) if large or not over else over[0][1:]
    said = f"Its values have moved: {how(pair, drift)}"
    others = "".join(f"; {name} {value:.3g} over {threshold:.3g}" for name, value, threshold in over)
    yield Suspicion(
        feature=pair.name,
        check="baseline_drift_check",
        family=Family.DRIFT,
        p_value=drift.p_value,
        large=large or bool(over),
        value=value,
        threshold=threshold,
        said=said + others if large or over else "",
    )


def how(pair: Pair, drift: Drift) -> str:
    """What has moved and by how much, in words."""
    if pair.numeric:
        before, now = pair.before.numbers, pair.now.numbers
        short = _short if _short(now.mean) != _short(before.mean) else repr
        means = f"mean {short(now.mean)}, was {short(before.mean)}"
        return f"{means}; distance {drift.distance:.3g} over {drift.threshold:.3g}"
    shares, shares_before = pair.window / pair.window.sum(), pair.baseline / pair.baseline.sum()
    most = int(np.abs(shares - shares_before).argmax())
    return (
        f"{pair.values[most]!r} is {shares[most]:.1%}, was {shares_before[most]:.1%}; threshold {drift.threshold:.3g}"
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if _LONG <= abs(number) < _HUGE else f"{number:.4g}"


def _in_bins(pair: Pair) -> tuple[Counts, Counts]:
    """Baseline and window for measures that compare bin by bin; numbers in wider bins than the comparison's."""
    if pair.numeric and pair.window.any() and pair.baseline.any():
        return measures.number_counts(pair.before.numbers, pair.now.numbers)
    return pair.baseline, pair.window


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _distance(pair: Pair) -> float | None:
    if not pair.window.any() or not pair.baseline.any():
        return None
    between = measures.cumulative_distance if pair.numeric else measures.share_distance
    return between(pair.baseline, pair.window)


def _chance(pair: Pair) -> float:
    rows, rows_before = int(pair.window.sum()), int(pair.baseline.sum())
    if not rows or not rows_before:
        return 1.0
    if not pair.numeric:
        return evidence.largest_share(pair.window, pair.baseline)
    if not pair.error:
        return evidence.moved(pair.window, pair.baseline)
    distance = _distance(pair) or 0.0
    return evidence.kolmogorov_smirnov(max(0.0, distance - pair.error), rows, rows_before)
