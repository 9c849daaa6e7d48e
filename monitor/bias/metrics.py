"""The bias metrics of SageMaker Clarify, out of counts.

Sources: "Pre-training Bias Metrics" and "Post-training Data and Model Bias Metrics" of SageMaker's developer guide;
Hardt et al., "Amazon SageMaker Clarify: Machine Learning Bias Detection and Explainability in the Cloud", 2021.
The group looked at is facet d of those pages, all others are facet a; 1 is the label that is good for a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.bias.cells import Counts
from monitor.bias.facts import Stage

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Named:
    """One metric."""

    title: str
    stage: Stage
    needs_labels: bool
    neutral: float = 0.0


NAMES: Final[Mapping[str, Named]] = {
    "CI": Named("Class Imbalance", "pre_training", False),
    "DPL": Named("Difference in Positive Proportions in Labels", "pre_training", True),
    "KL": Named("Kullback-Leibler Divergence", "pre_training", True),
    "JS": Named("Jensen-Shannon Divergence", "pre_training", True),
    "LP": Named("L-p Norm", "pre_training", True),
    "TVD": Named("Total Variation Distance", "pre_training", True),
    "KS": Named("Kolmogorov-Smirnov Distance", "pre_training", True),
    "CDDL": Named("Conditional Demographic Disparity in Labels", "pre_training", True),
    "DPPL": Named("Difference in Positive Proportions in Predicted Labels", "post_training", False),
    "DI": Named("Disparate Impact", "post_training", False, neutral=1.0),
    "DCAcc": Named("Difference in Conditional Acceptance", "post_training", True),
    "DCR": Named("Difference in Conditional Rejection", "post_training", True),
    "SD": Named("Specificity Difference", "post_training", True),
    "RD": Named("Recall Difference", "post_training", True),
    "DAR": Named("Difference in Acceptance Rates", "post_training", True),
    "DRR": Named("Difference in Rejection Rates", "post_training", True),
    "AD": Named("Accuracy Difference", "post_training", True),
    "TE": Named("Treatment Equality", "post_training", True),
    "CDDPL": Named("Conditional Demographic Disparity in Predicted Labels", "post_training", False),
    "FT": Named("Flip Test", "post_training", False),
    "GE": Named("Generalized Entropy", "post_training", True),
}
"""In Clarify's order; FT is computed from the features, all others from counts."""

COMPARED: Final = ("DPL", "DPPL", "DI", "RD", "SD")
"""What is held to the baseline when a policy names no limits.

The shares of favourable labels and answers, and the rates of true positives (RD) and false positives (SD). The others
say the same once more, or are of too few rows to be compared.
"""


def measured(counts: Counts) -> dict[str, Floats]:
    """Code → value for each table of counts […, subgroup, facet, label, answer]; NaN where a metric is undefined."""
    whole = counts.sum(axis=-4)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {**_of_labels(whole), **_of_answers(whole), **_of_both(whole), **_conditional(counts)}


def _of_labels(whole: Counts) -> dict[str, Floats]:
    everyone = whole.sum(axis=(-1, -2))
    labels = whole[..., :2, :].sum(axis=-1)
    share = labels / labels.sum(axis=-1, keepdims=True)
    others, group = share[..., 0, :], share[..., 1, :]
    rows = np.where(everyone.min(axis=-1) > 0, everyone.sum(axis=-1), np.nan)
    gap, middle = np.abs(others - group), (others + group) / 2
    return {
        "CI": (everyone[..., 0] - everyone[..., 1]) / rows,
        "DPL": others[..., 1] - group[..., 1],
        "KL": _divergence(others, group),
        "JS": (_divergence(others, middle) + _divergence(group, middle)) / 2,
        "LP": np.sqrt((gap**2).sum(axis=-1)),
        "TVD": gap.sum(axis=-1) / 2,
        "KS": gap.max(axis=-1),
    }


def _of_answers(whole: Counts) -> dict[str, Floats]:
    answers = whole.sum(axis=-2)
    share = answers[..., 1] / answers.sum(axis=-1)
    return {"DPPL": share[..., 0] - share[..., 1], "DI": _divided(share[..., 1], share[..., 0])}


def _of_both(whole: Counts) -> dict[str, Floats]:
    """From rows with a label: true and false negatives and positives of the others and of the group."""
    others, group = whole[..., 0, :2, :], whole[..., 1, :2, :]
    known = (others.sum(axis=(-1, -2)) > 0) & (group.sum(axis=(-1, -2)) > 0)
    a, d = _Matrix(others), _Matrix(group)
    both = _Matrix(others + group)
    found = {
        "DCAcc": _less(_divided(a.positives, a.accepted), _divided(d.positives, d.accepted)),
        "DCR": _less(_divided(d.negatives, d.rejected), _divided(a.negatives, a.rejected)),
        "SD": _divided(d.true_negative, d.negatives) - _divided(a.true_negative, a.negatives),
        "RD": _divided(a.true_positive, a.positives) - _divided(d.true_positive, d.positives),
        "DAR": _divided(a.true_positive, a.accepted) - _divided(d.true_positive, d.accepted),
        "DRR": _divided(d.true_negative, d.rejected) - _divided(a.true_negative, a.rejected),
        "AD": a.right / a.rows - d.right / d.rows,
        "TE": _less(_divided(d.false_negative, d.false_positive), _divided(a.false_negative, a.false_positive)),
        "GE": both.entropy,
    }
    return {code: np.where(known, value, np.nan) for code, value in found.items()}


class _Matrix:
    """Confusion matrices [label, answer]."""

    def __init__(self, counts: Counts) -> None:
        self.true_negative, self.false_positive = counts[..., 0, 0], counts[..., 0, 1]
        self.false_negative, self.true_positive = counts[..., 1, 0], counts[..., 1, 1]
        self.negatives, self.positives = counts[..., 0, :].sum(axis=-1), counts[..., 1, :].sum(axis=-1)
        self.rejected, self.accepted = counts[..., 0].sum(axis=-1), counts[..., 1].sum(axis=-1)
        self.rows = counts.sum(axis=(-1, -2))
        self.right = self.true_negative + self.true_positive

    @property
    def entropy(self) -> Floats:
        """Generalized entropy with alpha 2 of the benefits: 0 for a miss, 1 for a right answer, 2 for a false alarm."""
        mean = (self.right + 2 * self.false_positive) / self.rows
        square = (self.right + 4 * self.false_positive) / self.rows
        return np.asarray((square / mean**2 - 1) / 2)


def _conditional(counts: Counts) -> dict[str, Floats]:
    """NaN with one subgroup only: nothing is conditioned on."""
    if counts.shape[-4] < 2:
        unknown = np.full(counts.shape[:-4], np.nan)
        return {"CDDL": unknown, "CDDPL": unknown}
    return {
        "CDDL": _disparity(counts[..., :2, :].sum(axis=-1)),
        "CDDPL": _disparity(counts.sum(axis=-2)),
    }


def _disparity(outcomes: Counts) -> Floats:
    """Of [subgroup, facet, outcome]: the group's part of the bad outcomes less that of the good ones, by subgroups."""
    all_of = outcomes.sum(axis=-2)
    part = np.where(all_of > 0, outcomes[..., 1, :] / np.where(all_of > 0, all_of, 1), 0.0)
    rows = all_of.sum(axis=-1)
    known = (all_of.sum(axis=-2) > 0).all(axis=-1)
    return np.where(known, (rows * (part[..., 0] - part[..., 1])).sum(axis=-1) / rows.sum(axis=-1), np.nan)


def _divergence(of: Floats, against: Floats) -> Floats:
    """Kullback-Leibler in nats; infinite where one side has what the other has not at all."""
    terms = of * np.log(of / against)
    return np.asarray(np.where(of > 0, terms, np.where(np.isnan(of), np.nan, 0.0)).sum(axis=-1))


def _divided(part: Floats, whole: Floats) -> Floats:
    """As Clarify divides: nothing of nothing is 0, something of nothing is infinite."""
    return np.where((whole == 0) & (part == 0), 0.0, part / whole)


def _less(one: Floats, other: Floats) -> Floats:
    """The difference; of two infinities 0."""
    return np.where(np.isinf(one) & (one == other), 0.0, one - other)
