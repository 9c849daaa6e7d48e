"""Turns captured records into rows: what was asked, what was answered, and the truth where it is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitor.reading import packed, payloads
from monitor.reading.blocks import Block, blocks
from monitor.reading.reading import Skips
from monitor.reading.records import Records, records
from monitor.reading.rows import rows, times
from monitor.reading.wanted import Wanted

PROBE: Final = "sluice-probe-"
"""How the inference ids of probes begin, which a release sends where there is too little traffic."""
_THREADS: Final = 2


def tables(path: Path, skips: Skips, *, wanted: Wanted) -> Iterator[Any]:
    """The record batches of a file of captured records; blocks are parsed two at a time."""
    with ThreadPoolExecutor(_THREADS) as pool:
        ahead: list[Future[tuple[list[Any], Skips]]] = []
        for block in blocks(path, skips):
            ahead.append(pool.submit(_read, block, wanted))
            if len(ahead) > _THREADS:
                yield from _taken(ahead.pop(0), skips)
        for future in ahead:
            yield from _taken(future, skips)


def _taken(future: Future[tuple[list[Any], Skips]], skips: Skips) -> Iterator[Any]:
    batches, left_out = future.result()
    skips.merge(left_out)
    yield from batches


def _read(block: Block, wanted: Wanted) -> tuple[list[Any], Skips]:
    """The rows of a block and what it leaves out; runs on a thread of its own and shares nothing."""
    skips = Skips()
    return list(_batches(_relevant(records(block, skips), wanted, skips), wanted, skips)), skips


def _relevant(found: Records, wanted: Wanted, skips: Skips) -> Records:
    """The captured records of the window that no probe has caused."""
    none = pc.and_(pc.is_null(found.texts("input")), pc.is_null(found.texts("output")))
    found = found.left_out(none, "not a captured record", skips)
    found = found.left_out(pc.is_null(found.texts("output")), "a request without an answer", skips)
    # The merge job of Model Monitor may leave the request away: answer and truth are all that model quality needs.
    alone = pc.and_(pc.is_null(found.texts("input")), pc.is_null(found.texts("label")))
    found = found.left_out(alone, "an answer without its request", skips)
    probe = pc.fill_null(pc.starts_with(found.texts("inference_id"), PROBE), False)
    found = found.left_out(probe, "a probe", skips)
    if wanted.start is None and wanted.end is None:
        return found
    at = times(found.texts("time"))
    found = found.left_out(pc.is_null(at), "no inference time", skips)
    at = at.drop_null()
    outside = pa.array(np.zeros(len(at), bool))
    if wanted.start is not None:
        outside = pc.or_(outside, pc.less(at, pa.scalar(wanted.start, at.type)))
    if wanted.end is not None:
        outside = pc.or_(outside, pc.greater_equal(at, pa.scalar(wanted.end, at.type)))
    return found.left_out(outside, "outside of the window", skips)


def _batches(found: Records, wanted: Wanted, skips: Skips) -> Iterator[Any]:
    """The rows of whole records; those in CSV and those in JSON go apart, request and answer each."""
    for side in ("input", "output"):
        given = found.texts(side)
        texts = packed.decoded(given, found.texts(f"{side}_encoding"))
        if texts is not given:
            lost = pc.and_(pc.is_null(texts), given.is_valid())
            found = found.with_texts(side, texts).left_out(lost, "a payload that is no text", skips)
    asked, answered = _are_json(found, "input"), _are_json(found, "output")
    for as_json, answer_as_json in itertools.product((False, True), repeat=2):
        part = found.kept(pa.array((asked == as_json) & (answered == answer_as_json)))
        if len(part):
            yield from rows(part, wanted, skips, as_json=as_json, answer_as_json=answer_as_json)


def _are_json(found: Records, side: str) -> NDArray[np.bool_]:
    kinds = payloads.are_json(found.texts(side), found.texts(f"{side}_encoding"), found.texts(f"{side}_type"))
    return np.asarray(kinds)
