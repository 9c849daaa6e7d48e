"""Captured requests, as SageMaker writes them, and how fast their lines can be read."""

from __future__ import annotations

import base64
import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from monitor.reading import read

ENCODINGS: Final = ("csv", "json", "base64")
"""Of payloads: `base64` is how SageMaker captures CSV whose content type the endpoint's configuration does not name."""


def write(path: Path, *, table: Path, rows: int, encoding: str) -> list[str]:
    """Write the first rows of a table as capture, one request a row; gives the names of the columns."""
    batch = next(pq.ParquetFile(table).iter_batches(batch_size=rows))
    payloads = _objects(batch) if encoding == "json" else _rows(batch)
    with path.open("wb") as file:
        for number, payload in enumerate(payloads):
            file.write(orjson.dumps(_record(number, payload, encoding)) + b"\n")
    return list(batch.schema.names)


def parse(path: Path) -> float:
    """Seconds that orjson alone takes for the lines of a file."""
    begun = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    return time.perf_counter() - begun


def analyze(path: Path, columns: list[str]) -> float:
    """Seconds until the same lines are columns of numbers and categories, in one process."""
    begun = time.perf_counter()
    rows = sum(batch.num_rows for batch in read([path], format="capture", columns=columns))
    seconds = time.perf_counter() - begun
    assert rows, f"no row was read from {path}"
    return seconds


def _rows(batch: pa.RecordBatch) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row)
        yield buffer.getvalue()


def _objects(batch: pa.RecordBatch) -> Iterator[str]:
    for row in batch.to_pylist():
        yield orjson.dumps({"instances": [row]}).decode()


def _record(number: int, request: str, encoding: str) -> dict[str, object]:
    """Developer Guide, "Capture data from real-time endpoint"."""
    score = f"0.{number % 9973:04d}"
    answer = f'{{"predictions":[{score}]}}' if encoding == "json" else f"{score}\n"
    return {
        "captureData": {
            "endpointInput": _side("INPUT", request, encoding),
            "endpointOutput": _side("OUTPUT", answer, encoding),
        },
        "eventMetadata": {
            "eventId": f"74b0dd56-e7c8-368e-94b1-{number:012d}",
            "inferenceId": f"order-{number}",
            "inferenceTime": f"2026-11-02T09:{number // 60 % 60:02d}:{number % 60:02d}Z",
        },
        "eventVersion": "0",
    }


def _side(mode: str, payload: str, encoding: str) -> dict[str, str]:
    data = base64.b64encode(payload.encode()).decode() if encoding == "base64" else payload
    kind = "application/json" if encoding == "json" else "text/csv"
    return {"observedContentType": kind, "mode": mode, "data": data, "encoding": encoding.upper()}
