"""Captured requests, as SageMaker writes them, and how fast their lines can be read."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from monitor.reading import read


def write(path: Path, *, table: Path, rows: int) -> list[str]:
    """Write the first rows of a table as capture, one request a row; gives the names of the columns."""
    batch = next(pq.ParquetFile(table).iter_batches(batch_size=rows))
    with path.open("wb") as file:
        for number, row in enumerate(_rows(batch)):
            file.write(orjson.dumps(_record(number, row)) + b"\n")
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


def _record(number: int, row: str) -> dict[str, object]:
    """Developer Guide, "Capture data from real-time endpoint"."""
    return {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": row, "encoding": "CSV"},
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": f"0.{number % 9973:04d}\n",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {
            "eventId": f"74b0dd56-e7c8-368e-94b1-{number:012d}",
            "inferenceId": f"order-{number}",
            "inferenceTime": f"2026-11-02T09:{number // 60 % 60:02d}:{number % 60:02d}Z",
        },
        "eventVersion": "0",
    }
