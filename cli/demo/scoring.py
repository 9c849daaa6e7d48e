"""The held-out applicants: scored over HTTP, and the AUC of the answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from cli import serving
from cli.connection import Connection

_LABEL = "bad"
_ROWS_PER_REQUEST = 50
_CSV = "text/csv"


@dataclass(frozen=True)
class HeldOut:
    """The rows that no training has seen: features as the endpoint takes them, and what became of each (1 = bad)."""

    rows: tuple[tuple[str, ...], ...]
    truth: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> HeldOut:
        """The rows of a CSV file with a header and the label among its columns."""
        header, *rows = list(csv.reader(io.StringIO(text)))
        label = header.index(_LABEL)
        return cls(
            rows=tuple((*row[:label], *row[label + 1 :]) for row in rows),
            truth=tuple(int(float(row[label])) for row in rows),
        )


def score(connection: Connection, model: str, held_out: HeldOut) -> tuple[float, int]:
    """Score every row through InvokeEndpoint; gives the AUC and the number of requests."""
    scores: list[float] = []
    starts = range(0, len(held_out.rows), _ROWS_PER_REQUEST)
    for start in starts:
        body = as_csv(held_out.rows[start : start + _ROWS_PER_REQUEST])
        answer = serving.score(connection, model, body, content_type=_CSV, accept=_CSV)
        scores += [float(line) for line in answer.decode().split()]
    return auc_of(held_out.truth, scores), len(starts)


def auc_of(truth: Sequence[int], scores: Sequence[float]) -> float:
    """Area under the ROC curve: the share of (bad, good) pairs ranked right, ties counting half (Mann-Whitney)."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(scores)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for index in order[at:end]:
            ranks[index] = (at + 1 + end) / 2
        at = end
    positives = sum(truth)
    rank_sum = sum(rank for rank, bad in zip(ranks, truth, strict=True) if bad)
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(truth) - positives))


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as the endpoint takes them: CSV without a header."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()
