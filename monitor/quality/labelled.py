"""The rows of a table that model quality can be measured on, and what is odd about the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.policy import QualityPolicy
from monitor.quality.classification import Decisions
from monitor.quality.regression import Errors
from monitor.quality.values import canonical, numbers, texts


class BadQuality(ValueError):
    """A policy or table that model quality cannot be measured with; the text is one sentence."""


@dataclass(frozen=True)
class Labelled:
    """The rows of a table that have a label and a prediction."""

    sample: Decisions | Errors
    note: str
    """Rows that were left out although labelled, and what is odd about the labels; empty when nothing is."""

    @classmethod
    def of(cls, table: pa.Table, policy: QualityPolicy) -> Labelled:
        """From the columns ``prediction`` and ``label``; BadQuality where one is missing or no label is positive."""
        missing = sorted({"prediction", "label"} - set(table.column_names))
        if missing:
            raise BadQuality(f"The rows have no column {missing[0]!r}.")
        labels = texts(table["label"])
        there = pc.is_valid(labels)
        predictions, labels = numbers(table["prediction"].filter(there)), labels.filter(there)
        usable = np.isfinite(predictions)
        if policy.kind == "regression":
            truth = numbers(labels)
            usable &= np.isfinite(truth)
            return cls(Errors(predicted=predictions[usable], true=truth[usable]), _left_out(usable))
        if policy.positive_label is None:
            raise BadQuality("The policy of model quality names no positive_label.")
        positive = np.asarray(pc.equal(labels, canonical(policy.positive_label)), dtype=bool)
        costs = policy.false_positive_cost, policy.false_negative_cost
        sample = Decisions.of(predictions[usable], positive[usable], threshold=policy.decision_threshold, costs=costs)
        return cls(sample, joined([_left_out(usable), _odd(labels), _one_class(sample, policy)]))


def _left_out(usable: npt.NDArray[np.bool_]) -> str:
    wrong = int(np.count_nonzero(~usable))
    return f"{wrong:,} labelled rows are left out: their prediction or label is no finite number." if wrong else ""


def _odd(labels: pa.Array) -> str:
    distinct = sorted(pc.unique(labels).to_pylist())
    if len(distinct) <= 2:
        return ""
    shown = ", ".join(distinct[:5]) + (" …" if len(distinct) > 5 else "")
    return f"The labels have {len(distinct)} values ({shown}): all but the positive one count as negative."


def _one_class(sample: Decisions, policy: QualityPolicy) -> str:
    if 0 < sample.positive.sum() < sample.rows or not sample.rows:
        return ""
    which = "" if sample.positive.any() else "not "
    return f"All labels are {which}{canonical(policy.positive_label)}: the areas under curves are undefined."


def joined(sentences: Iterable[str]) -> str:
    """The sentences that are there, in one text."""
    return " ".join(each for each in sentences if each)
