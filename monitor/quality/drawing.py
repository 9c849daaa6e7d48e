"""What a report draws of the measured rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.policy import QualityPolicy
from monitor.quality.classification import Decisions
from monitor.quality.facts import ClassificationFacts, Coverage, Measure, QualityFacts, RegressionFacts
from monitor.quality.regression import Errors
from monitor.quality.values import canonical

_SCORE_BINS: Final = 20


def facts(
    sample: Decisions | Errors,
    policy: QualityPolicy,
    *,
    measures: tuple[Measure, ...],
    coverage: Coverage,
    note: str,
) -> QualityFacts:
    """The facts of a sample that has rows."""
    if isinstance(sample, Errors):
        predicted, true = sample.dots()
        edges, counts = sample.residuals()
        return RegressionFacts(
            coverage=coverage,
            measures=measures,
            predicted=predicted,
            true=true,
            residual_edges=edges,
            residual_counts=counts,
            residual_quantiles=sample.quantiles(),
            note=note,
        )
    edges, negatives, positives = _histograms(sample)
    return ClassificationFacts(
        coverage=coverage,
        measures=measures,
        positive_label=canonical(policy.positive_label),
        decision_threshold=policy.decision_threshold,
        costs=sample.costs,
        confusion=sample.counts(),
        base_rate=float(sample.positive.mean()),
        roc=sample.roc(),
        precision_recall=sample.precision_recall(),
        calibration=sample.calibration(),
        score_edges=edges,
        score_negative=negatives,
        score_positive=positives,
        note=note,
    )


def _histograms(sample: Decisions) -> tuple[tuple[float, ...], tuple[int, ...], tuple[int, ...]]:
    span = (0.0, 1.0) if sample.are_probabilities else (float(sample.score[-1]), float(sample.score[0]))
    edges = np.histogram_bin_edges(sample.score, bins=_SCORE_BINS, range=span)
    positive = sample.positive > 0
    counted = [np.histogram(sample.score[chosen], bins=edges)[0].tolist() for chosen in (~positive, positive)]
    return tuple(edges.tolist()), tuple(counted[0]), tuple(counted[1])
