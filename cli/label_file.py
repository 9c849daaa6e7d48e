"""A file of labels, read and checked as a whole: every fault is found before anything is written anywhere."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.errors import WrongUseError

_HEADER = ("inference_id", "label")
_ID = re.compile(r"\S.{0,63}?(/\d+)?")
"""Up to 64 characters (SageMaker API Reference, "InvokeEndpoint"), and for a row of several in a request its number."""
_FAULTS_TOLD = 5

Judge = Callable[[str], str | None]
"""What is wrong with the text of a label, None for nothing."""


@dataclass(frozen=True)
class Label:
    """What became of one answer, as the file says it."""

    line: int
    id: str
    value: str


def labels(text: str, *, name: str, judge: Judge) -> tuple[list[Label], int]:
    """The labels of a file called `name`, one for each id, and how many lines said the same once more.

    CSV with the header `inference_id,label`, or JSON lines with these members or in Model Monitor's own form. Raises
    WrongUseError that names the first lines that are empty, wrong or contradict each other, and how many there are.
    """
    faults: list[str] = []
    known: dict[str, Label] = {}
    repeated = 0
    for found in _json_lines(text) if text.lstrip().startswith("{") else _csv_lines(text, name):
        if (fault := _fault(found, known.get(found.id), judge)) is not None:
            faults.append(f"line {found.line}: {fault}")
        elif found.id in known:
            repeated += 1
        elif isinstance(found, Label):
            known[found.id] = found
    if faults:
        more = f"\n  and {len(faults) - _FAULTS_TOLD:,} more" if len(faults) > _FAULTS_TOLD else ""
        told = "".join(f"\n  {fault}" for fault in faults[:_FAULTS_TOLD])
        raise WrongUseError(f"{name}: nothing was pushed, correct these lines first:{told}{more}")
    if not known:
        raise WrongUseError(f"{name} has no labels")
    return list(known.values()), repeated


def _fault(found: Label | _Unreadable, before: Label | None, judge: Judge) -> str | None:
    """What is wrong with a line, None for nothing."""
    if isinstance(found, _Unreadable):
        return found.why
    if not found.id:
        return "the inference id is empty"
    if not _ID.fullmatch(found.id):
        return f"{found.id[:70]!r} is no inference id: they have up to 64 characters"
    if not found.value:
        return f"the label of {found.id} is empty"
    if before is not None and before.value != found.value:
        return f"{found.id} is {found.value}, and {before.value} in line {before.line}"
    return judge(found.value)


@dataclass(frozen=True)
class _Unreadable:
    """A line that is no label."""

    line: int
    why: str
    id: str = ""


def _csv_lines(text: str, name: str) -> Iterator[Label | _Unreadable]:
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
    except csv.Error as error:
        raise WrongUseError(f"{name} is neither CSV ({error}) nor JSON lines, an object each") from error
    if sorted(header) != sorted(_HEADER):
        raise WrongUseError(f"{name}: its first line is {','.join(header)!r}: it must be {','.join(_HEADER)!r}")
    at = [header.index(column) for column in _HEADER]
    try:
        for row in rows:
            if len(row) == len(_HEADER):
                yield Label(rows.line_num, *(row[index].strip() for index in at))
            elif row:
                yield _Unreadable(rows.line_num, f"it has {len(row)} columns instead of {len(_HEADER)}")
    except csv.Error as error:
        yield _Unreadable(rows.line_num, f"it is no CSV ({error})")


def _json_lines(text: str) -> Iterator[Label | _Unreadable]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield _of(json.loads(line), number)
        except (ValueError, KeyError, TypeError) as error:
            yield _Unreadable(number, f"it is no label ({type(error).__name__}: {error})")


def _of(record: Mapping[str, Any], line: int) -> Label:
    """A label as we write it, or as Model Monitor does (SageMaker Developer Guide, "Ingest ground truth labels").

    Raises KeyError, TypeError or ValueError for what is neither.
    """
    if "groundTruthData" in record:
        found, id = record["groundTruthData"]["data"], record["eventMetadata"]["eventId"]
    else:
        found, id = record["label"], record["inference_id"]
    if not isinstance(id, str):
        raise TypeError(f"{id!r} is no text")
    return Label(line, id.strip(), _text(found))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"{value!r} is neither a number nor a text")
    return value.strip() if isinstance(value, str) else json.dumps(value)


def tally(found: Sequence[Label], *, most: int = 10) -> dict[str, int]:
    """How often each value is there, in their order; empty where there are too many different ones to tell."""
    counts: dict[str, int] = {}
    for label in found:
        counts[label.value] = counts.get(label.value, 0) + 1
    return dict(sorted(counts.items())) if len(counts) <= most else {}
