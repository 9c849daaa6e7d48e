"""Looks into answers: of each row the first number, which is the prediction; a text where the answer has no number."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitor.reading import payloads, values

Counts = NDArray[np.int64]


def predictions(texts: Any, are_json: bool, counts: Counts) -> tuple[Any, Any, dict[int, str]]:
    """The predictions of answers that have `counts` rows each: a field, an array, and why some answers have none.

    An answer that is not readable, or has another number of rows, gives nothing; its place has a reason.
    """
    found = _at_once(texts, are_json, counts)
    if found is not None:
        return pa.field("prediction", pa.float64()), found, {}
    return _one_by_one(texts, are_json, counts)


def _at_once(texts: Any, are_json: bool, counts: Counts) -> Any:
    """Answers of one number each, or JSON answers of one list of numbers each; None for all others."""
    if are_json:
        rows = payloads.json_lists(texts)
        return rows[0] if rows is not None and (rows[1] == counts).all() else None
    if texts.null_count or (counts != 1).any():
        return None
    try:
        return pc.cast(pc.ascii_trim_whitespace(texts), pa.float64())
    except pa.ArrowInvalid:
        return None


def _one_by_one(texts: Any, are_json: bool, counts: Counts) -> tuple[Any, Any, dict[int, str]]:
    found: list[Any] = []
    reasons = {}
    for place, (given, rows) in enumerate(zip(texts.to_pylist(), counts.tolist(), strict=True)):
        try:
            answer = _json_answer(orjson.loads(given), rows) if are_json else _csv_answer(given)
            if len(answer) != rows:
                raise ValueError(f"{len(answer)} answers to {rows} rows")
        except (ValueError, csv.Error) as error:
            reasons[place] = str(error)
        else:
            found += answer
    field, array = values.column("prediction", found)
    return field, array, reasons


def _csv_answer(given: str) -> list[Any]:
    return [_first([_value(cell) for cell in row]) for row in csv.reader(given.splitlines(), strict=True) if row]


def _value(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _json_answer(document: Any, rows: int) -> list[Any]:
    if isinstance(document, Mapping):
        inner = next((document[key] for key in payloads.WRAPPERS if key in document), None)
        return [_first(list(document.values()))] if inner is None else _json_answer(inner, rows)
    if not isinstance(document, list):
        return [document]
    if rows == 1 and len(document) > 1 and not any(isinstance(item, list | Mapping) for item in document):
        return [_first(document)]  # the scores of several classes for one row
    return [_first(item) for item in document]


def _first(answer: Any) -> Any:
    """The first number in an answer for one row, at any depth; else its first text; else None."""
    leaves = list(_leaves(answer))
    numbers = (leaf for leaf in leaves if isinstance(leaf, int | float) and not isinstance(leaf, bool))
    return next(numbers, next((leaf for leaf in leaves if leaf is not None), None))


def _leaves(answer: Any) -> Sequence[Any]:
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, list):
        return [leaf for item in answer for leaf in _leaves(item)]
    return [answer]
