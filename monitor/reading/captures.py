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

from monitor.reading import payloads
from monitor.reading.blocks import Block, blocks
from monitor.reading.pairs import Pairs
from monitor.reading.reading import Skips
from monitor.reading.records import Records, records, table_of
from monitor.reading.rows import rows, times
from monitor.reading.wanted import Wanted

PROBE: Final = "sluice-probe-"
"""How the inference ids of probes begin, which a release sends where there is too little traffic."""
_THREADS: Final = 2


def tables(path: Path, skips: Skips, *, wanted: Wanted, pairs: Pairs) -> Iterator[Any]:
    """The record batches of a file of captured records; halves of records wait in `pairs`."""
    with ThreadPoolExecutor(_THREADS) as pool:
        ahead: list[Future[_Read]] = []
        for block in blocks(path, skips):
            ahead.append(pool.submit(_read, block, wanted))
            if len(ahead) > _THREADS:
                yield from _taken(ahead.pop(0).result(), skips, wanted=wanted, pairs=pairs)
        for future in ahead:
            yield from _taken(future.result(), skips, wanted=wanted, pairs=pairs)


class _Read:
    """What one block gives: batches, what it leaves out, and halves of records."""

    def __init__(self, batches: list[Any], skips: Skips, halves: Records) -> None:
        self.batches, self.skips, self.halves = batches, skips, halves


def _taken(read: _Read, skips: Skips, *, wanted: Wanted, pairs: Pairs) -> Iterator[Any]:
    skips.merge(read.skips)
    yield from read.batches
    whole = pairs.matched(read.halves, skips) if len(read.halves) else []
    if whole:
        found = Records(table_of(whole), np.zeros(len(whole), np.int64), read.halves.block)
        yield from _batches(found, wanted, skips)


def _read(block: Block, wanted: Wanted) -> _Read:
    """Parse a block; runs on a thread of its own and shares nothing."""
    skips = Skips()
    found = _relevant(records(block, skips), wanted, skips)
    asked, answered = found.texts("input").is_valid(), found.texts("output").is_valid()
    # The merge job of Model Monitor may leave the request away: answer and truth are all that model quality needs.
    whole = pc.and_(answered, pc.or_(asked, found.texts("label").is_valid()))
    return _Read(list(_batches(found.kept(whole), wanted, skips)), skips, found.kept(pc.invert(whole)))


def _relevant(found: Records, wanted: Wanted, skips: Skips) -> Records:
    """The captured records of the window that no probe has caused."""
    none = pc.and_(pc.is_null(found.texts("input")), pc.is_null(found.texts("output")))
    found = found.left_out(none, "not a captured record", skips)
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
        texts = payloads.decoded(found.texts(side), found.texts(f"{side}_encoding"))
        lost = pc.and_(pc.is_null(texts), found.texts(side).is_valid())
        found = found.with_texts(side, texts).left_out(lost, "a payload that is no text", skips)
    asked, answered = _are_json(found, "input"), _are_json(found, "output")
    for as_json, answer_as_json in itertools.product((False, True), repeat=2):
        part = found.kept(pa.array((asked == as_json) & (answered == answer_as_json)))
        if len(part):
            yield from rows(part, wanted, skips, as_json=as_json, answer_as_json=answer_as_json)


def _are_json(found: Records, side: str) -> NDArray[np.bool_]:
    kinds = payloads.are_json(found.texts(side), found.texts(f"{side}_encoding"), found.texts(f"{side}_type"))
    return np.asarray(kinds)
