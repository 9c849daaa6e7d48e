"""Answers and labels that came later, joined by inference id; what does not fit is counted, with examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.quality.facts import Coverage
from monitor.quality.values import combined, texts

EXAMPLES = 5
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Joined:
    """Each answer of a window once, with its label where there is one."""

    table: pa.Table
    """The captured columns and ``label``: a text, null where nothing is known."""
    coverage: Coverage


def join(captured: pa.Table, labels: pa.Table) -> Joined:
    """Join the answers ``captured`` (``_id``, ``prediction``, maybe ``_time``, …) with ``labels`` (``_id``, ``label``).

    Of answers with one id the last counts, by time where it is known: it is the one that a caller who asked again has
    acted on. Answers whose labels contradict each other stay without one.
    """
    ids = pc.dictionary_encode(_whole(captured, "_id", pa.string()))
    chosen = _last(np.asarray(ids.indices), times=captured["_time"] if "_time" in captured.column_names else None)
    answers = ids.dictionary
    known = _Labels.of(_whole(labels, "_id", pa.string()), texts(labels["label"]), answers=answers)
    rows = pc.take(known.of_answer, pa.array(np.asarray(ids.indices)[chosen]))
    kept = captured.take(pa.array(chosen))
    kept = kept.drop_columns(["label"]) if "label" in kept.column_names else kept
    coverage = Coverage(
        rows=len(chosen),
        labelled=len(rows) - rows.null_count,
        repeated=captured.num_rows - len(chosen),
        duplicates=known.duplicates,
        conflicting=len(known.conflicting),
        unmatched=len(known.unmatched),
        empty=len(known.empty),
        examples={
            name: tuple(found.slice(0, EXAMPLES).to_pylist())
            for name, found in (
                ("conflicting", known.conflicting),
                ("unmatched", known.unmatched),
                ("empty", known.empty),
            )
            if len(found)
        },
    )
    return Joined(kept.append_column("label", rows), coverage)


@dataclass(frozen=True)
class _Labels:
    """What the labels say of each answer, and which say nothing."""

    of_answer: pa.Array
    """For each distinct id of the answers its label, or null."""
    duplicates: int
    conflicting: pa.Array
    unmatched: pa.Array
    empty: pa.Array

    @classmethod
    def of(cls, ids: pa.Array, values: pa.Array, *, answers: pa.Array) -> _Labels:
        blank = pc.or_(pc.is_null(values), pc.is_null(ids))
        there = pc.invert(blank)
        ids_there, values_there = ids.filter(there), pc.dictionary_encode(values.filter(there))
        at = pc.index_in(ids_there, value_set=answers)
        matched = np.flatnonzero(np.asarray(pc.is_valid(at)))
        where = np.asarray(at.take(pa.array(matched)), dtype=np.int64)
        codes = np.asarray(values_there.indices, dtype=np.int64)[matched]
        first = np.full(len(answers), -1, dtype=np.int64)
        first[where[::-1]] = codes[::-1]
        conflicting = np.unique(where[codes != first[where]])
        told = len(np.unique(where))
        first[conflicting] = -1
        said_again = np.count_nonzero(~np.isin(where, conflicting)) - (told - len(conflicting))
        return cls(
            of_answer=pc.take(values_there.dictionary, pa.array(first, mask=first < 0)),
            duplicates=int(said_again),
            conflicting=answers.take(pa.array(conflicting)),
            unmatched=pc.unique(ids_there.filter(pc.is_null(at))),
            empty=ids.filter(blank),
        )


def _last(codes: npt.NDArray[Any], *, times: pa.ChunkedArray | None) -> Indices:
    """The rows that are the last of their id, in the order of the table; ``codes`` has the id of each row."""
    order = np.arange(len(codes))
    if times is not None:
        moments = np.asarray(pc.fill_null(combined(times).cast(pa.int64()), np.iinfo(np.int64).min))
        order = np.argsort(moments, kind="stable")
    last = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    last[codes[order]] = order
    return np.sort(last)


def _whole(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    return combined(table[name].cast(kind))
