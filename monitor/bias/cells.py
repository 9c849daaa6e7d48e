"""Rows counted by group, label and answer: all that bias metrics need, however many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.policy import BiasPolicy, QualityPolicy
from monitor.quality.values import canonical, numbers, texts

Counts = npt.NDArray[np.float64]
"""[…, subgroup, facet (others, group), label (unfavourable, favourable, unknown), answer (likewise, but known)]."""
Booleans = npt.NDArray[np.bool_]

MOST_SUBGROUPS: Final = 100
FAVOURABLE: Final = 1
UNKNOWN: Final = 2


class BadBias(ValueError):
    """A policy or table that bias cannot be measured with; the text is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The rows of a table that have a prediction: what was told, and what came true."""

    table: pa.Table
    favoured: Booleans
    """Whether the model tells the label that is good for a person."""
    label: npt.NDArray[np.int64]
    """0 unfavourable, 1 favourable, 2 unknown."""
    favourable: str

    @classmethod
    def of(cls, table: pa.Table, *, policy: BiasPolicy, quality: QualityPolicy | None) -> Answers:
        """From ``prediction`` and, where there is one, ``label``; BadBias where nobody says which label is positive."""
        if quality is None or quality.kind != "binary-classification" or quality.positive_label is None:
            raise BadBias("Bias needs model quality of kind binary-classification with a positive_label.")
        if "prediction" not in table.column_names:
            raise BadBias("The rows have no column 'prediction'.")
        score = numbers(table["prediction"])
        usable = np.isfinite(score)
        kept = table.filter(pa.array(usable))
        positive = canonical(quality.positive_label)
        favourable = canonical(policy.favourable_label) or positive
        told = score[usable] > quality.decision_threshold
        return cls(
            table=kept,
            favoured=told if favourable == positive else ~told,
            label=_labels(kept, favourable),
            favourable=favourable,
        )


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One protected attribute and the group of it that is looked at: a value of it, or all above a number."""

    name: str
    value: str
    """As Clarify writes it: the value, or the interval ``(40, 75]``."""
    in_group: Booleans
    known: Booleans
    """Rows that have a value of the attribute."""

    @classmethod
    def of(cls, table: pa.Table, name: str, looked_at: str | float) -> Facet:
        """BadBias where the rows have no such column."""
        if name not in table.column_names:
            raise BadBias(f"The rows have no column {name!r}, by which bias is to be measured.")
        if isinstance(looked_at, str):
            found = texts(table[name])
            in_group = pc.fill_null(pc.equal(found, canonical(looked_at)), False)
            return cls(
                name=name, value=canonical(looked_at), in_group=_booleans(in_group), known=_booleans(pc.is_valid(found))
            )
        value = numbers(table[name])
        known = np.isfinite(value)
        highest = value[known].max() if known.any() else looked_at
        return cls(name=name, value=f"({looked_at:g}, {highest:g}]", in_group=known & (value > looked_at), known=known)


def counted(answers: Answers, facet: Facet, *, group_variable: str | None) -> Counts:
    """The rows of each cell; one subgroup when no variable parts them, BadBias when it parts them too finely."""
    subgroup, subgroups = np.zeros(len(answers.label), dtype=np.int64), 1
    if group_variable is not None:
        subgroup, subgroups = _subgroups(answers.table, group_variable)
    cell = ((subgroup * 2 + facet.in_group) * 3 + answers.label) * 2 + answers.favoured
    counts = np.bincount(cell[facet.known], minlength=subgroups * 12)
    return counts.reshape(subgroups, 2, 3, 2).astype(np.float64)


def _subgroups(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int64], int]:
    if name not in table.column_names:
        raise BadBias(f"The rows have no column {name!r}, the group variable of bias.")
    encoded = pc.dictionary_encode(texts(table[name]), null_encoding="encode")
    if len(encoded.dictionary) > MOST_SUBGROUPS:
        raise BadBias(f"Group variable {name!r} has {len(encoded.dictionary):,} values; at most {MOST_SUBGROUPS} are.")
    return np.asarray(encoded.indices, dtype=np.int64), max(1, len(encoded.dictionary))


def _labels(table: pa.Table, favourable: str) -> npt.NDArray[np.int64]:
    if "label" not in table.column_names:
        return np.full(table.num_rows, UNKNOWN, dtype=np.int64)
    found = pc.equal(texts(table["label"]), favourable)
    return np.asarray(pc.fill_null(found.cast(pa.int64()), UNKNOWN))


def _booleans(found: Any) -> Booleans:
    return np.asarray(found, dtype=bool)
