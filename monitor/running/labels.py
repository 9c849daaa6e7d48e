"""Labels that came later, as they stand in S3: Model Monitor's ground truth, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from monitor.running.place import Place
from monitor.running.storage import Stored, listed
from monitor.running.window import Window

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEMA = pa.schema([("_id", pa.string()), ("label", pa.string())])


def pushed(place: Place, window: Window, s3: S3Client) -> list[Stored]:
    """The objects of labels that came in a span of time, whatever they are about."""
    prefixes = [f"labels/{place.model}/{hour}/" for hour in window.hours()]
    return list(listed(s3, place.capture_bucket, prefixes))


def read(paths: Iterable[Path]) -> tuple[pa.Table, int]:
    """A table of ``_id`` and ``label`` (texts), and how many lines were none.

    Form: SageMaker Developer Guide, "Ingest ground truth labels and merge them with predictions".
    """
    found, unreadable = [], 0
    for path in paths:
        for line in path.read_bytes().splitlines():
            if not line.strip():
                continue
            label = _label(line)
            if label is None:
                unreadable += 1
            else:
                found.append(label)
    return _table(found), unreadable


def _table(found: Sequence[tuple[str, str]]) -> pa.Table:
    ids, labels = zip(*found, strict=True) if found else ((), ())
    return pa.table({"_id": pa.array(ids, pa.string()), "label": pa.array(labels, pa.string())}, schema=SCHEMA)


def _label(line: bytes) -> tuple[str, str] | None:
    try:
        record = orjson.loads(line)
        event, truth = record["eventMetadata"]["eventId"], record["groundTruthData"]["data"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    value = next(_values(truth), None)
    return (event, value) if isinstance(event, str) and value is not None else None


def _values(truth: Any) -> Iterator[str]:
    """The first value of what was pushed: a text of CSV, or JSON."""
    if isinstance(truth, str):
        yield truth.partition(",")[0].strip().strip('"')
    elif isinstance(truth, int | float) and not isinstance(truth, bool):
        yield str(truth)
