"""Finds out what a file is and reads it."""

from __future__ import annotations

import codecs
import csv
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa

from monitor.reading import captures, jsonlines, parquet, text
from monitor.reading.reading import Reading, Skips
from monitor.reading.wanted import Wanted

Format = Literal["parquet", "csv", "headerless", "json", "capture", "merged"]

_LOOKED_AT: Final = 1 << 16
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GZIP: Final = b"\x1f\x8b"


def read(
    paths: str | Path | Iterable[str | Path],
    *,
    format: Format | None = None,
    columns: Sequence[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    identity: bool = False,
) -> Reading:
    """Read files, or all files of folders, one after the other. Raises nothing for what is in them.

    Files of folders whose names begin with a point or an underscore are left out and counted, as are files that are
    neither text nor Parquet. `format` is found out file by file where it is not given: ``parquet``, ``csv`` (the first
    line names the columns, if no value in it is a number), ``headerless``, ``json`` (Model Monitor's JSON lines, an
    object each), ``capture`` (data capture), ``merged`` (the same with ``groundTruthData``). `columns` names, in order,
    the values of CSV without a header and of payloads without names; they are ``_c0``, ``_c1``, … without it.

    Captures: records with an inference time before `start` or not before `end` (both with a time zone) are left out.
    Beside the columns of a request stands ``prediction``, the first number of each row of its answer, and ``label`` if
    there is ground truth. `identity` adds ``_id`` (the inference id, else the event id; ``<id>/<row from 0>`` where a
    record has several rows) and ``_time`` (UTC). Left out and counted: probes, requests without an answer,
    answers without their request unless they have a label.
    """
    wanted = Wanted(columns=tuple(columns) if columns else None, start=start, end=end, identity=identity)
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    return Reading(lambda reading: _stream(_files(given, reading.skips), reading.skips, format=format, wanted=wanted))


def _files(paths: Iterable[str | Path], skips: Skips) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file())
            hidden = [each for each in found if each.name.startswith((".", "_"))]
            for each in hidden:
                skips.add("a hidden file", each.name, why="names like this are of tools, not of data")
            yield from (each for each in found if each not in hidden)
        else:
            yield path


def _stream(files: Iterable[Path], skips: Skips, *, format: Format | None, wanted: Wanted) -> Iterator[Any]:
    for path in files:
        try:
            found = format or _looked_at(path)
            if found is None:
                skips.add("no such format", path.name, why="neither text nor Parquet")
            else:
                yield from _tables(path, skips, format=found, wanted=wanted)
        except (OSError, EOFError, zlib.error, csv.Error, pa.ArrowException) as error:
            skips.add("not readable", path.name, why=str(error))


def _tables(path: Path, skips: Skips, *, format: Format, wanted: Wanted) -> Iterator[Any]:
    if format == "parquet":
        return parquet.tables(path, skips)
    if format == "json":
        return jsonlines.tables(path, skips)
    if format in ("capture", "merged"):
        return captures.tables(path, skips, wanted=wanted)
    return text.tables(path, skips, columns=wanted.columns, header=format == "csv")


def _looked_at(path: Path) -> Format | None:
    """What a file is, by how it begins; None for what is no text."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if start[:4] == b"PAR1":
        return "parquet"
    if b"\0" in start and start[:2] not in (*_UTF16, _GZIP):
        return None
    if b'"captureData"' in start or (start.lstrip()[:1] == b"{" and b'"groundTruthData"' in start):
        return "capture"
    return "json" if start.lstrip()[:1] == b"{" or path.suffix in (".jsonl", ".json") else "csv"
