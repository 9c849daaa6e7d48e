"""Training data out of traffic: captured requests whose labels have come, in the columns of the model's contract."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from monitor import quality
from monitor.policy import Policy
from monitor.running import labels
from monitor.running.clients import Clients
from monitor.running.errors import GatherError
from monitor.running.place import Place
from monitor.running.serving import Reference, Served, look, reference
from monitor.running.storage import Stored, fetch, listed, put
from monitor.running.window import Window
from monitor.running.witness import witness

FILE = "window.csv"
LARGEST_BYTES = 1_000_000_000
"""Of captured requests, which a function of 2 GB takes apart."""


def gather(place: Place, policy: Policy, window: Window, clients: Clients) -> dict[str, Any]:
    """Write the labelled requests of a window, whichever version answered them, as one file of training data.

    Its place follows from what it holds, so that the same rows are the same data. Gives ``uri``, ``rows`` (a number)
    and ``sha256``. Raises GatherError when nothing was labelled, or columns are masked.
    """
    served = look(place, clients.sagemaker)
    if served is None or served.baseline is None:
        raise GatherError(f"Nothing serves {place.model} whose baseline names the columns of its data.")
    known = reference(served.baseline, clients.s3)
    _refuse_masked(policy, known)
    with tempfile.TemporaryDirectory() as folder:
        table = _labelled(place, served, known, window, clients=clients, folder=Path(folder))
    if not table.num_rows:
        raise GatherError(f"None of the requests to {place.model} between {window.start} and {window.end} is labelled.")
    content = _written(_whole(table, known.manifest))
    digest = hashlib.sha256(content).hexdigest()
    stored = Stored(bucket=place.artifact_bucket, key=f"{place.model}/data/{digest[:16]}/{FILE}")
    put(clients.s3, stored, content, media_type="text/csv")
    return {"uri": stored.uri, "rows": table.num_rows, "sha256": digest}


def _refuse_masked(policy: Policy, known: Reference) -> None:
    if masked := sorted(set(policy.masked) & set(known.columns)):
        raise GatherError(
            f"The columns {', '.join(masked)} are masked when they are captured: what was captured cannot be trained "
            "with. Train by hand with data from their source."
        )


def _labelled(
    place: Place, served: Served, known: Reference, window: Window, *, clients: Clients, folder: Path
) -> pa.Table:
    """The requests of all versions with their labels: the columns of a request, and ``label``."""
    captured = fetch(clients.s3, _captured(place, served, window, clients), folder / "captured")
    truth, _ = labels.read(fetch(clients.s3, labels.pushed(place, window, clients.s3), folder))
    seen = witness(captured, window, columns=known.columns)
    joined = quality.join(seen.table, truth).table
    # However requests were spread over files: the same ones are the same data, and a split of them comes out the same.
    return joined.filter(pc.is_valid(joined["label"])).sort_by("_id")


def _captured(place: Place, served: Served, window: Window, clients: Clients) -> list[Stored]:
    """What was captured of every version: each has a folder of its own below the model's."""
    bucket = served.captures.bucket
    pages = clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{place.model}/", Delimiter="/")
    versions = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    variant = served.captures.key.rpartition("/")[2]
    folders = [f"{version}{place.endpoint}/{variant}" for version in versions]
    found = list(listed(clients.s3, bucket, [f"{each}/{hour}/" for each in folders for hour in window.hours()]))
    if (size := sum(stored.size_bytes for stored in found)) > LARGEST_BYTES:
        raise GatherError(
            f"{size / 1e6:,.0f} MB were captured since {window.start}, "
            f"and the function takes {LARGEST_BYTES / 1e6:,.0f}: lower retraining.lookback_hours, or train by hand."
        )
    return found


def _whole(table: pa.Table, manifest: Mapping[str, Any]) -> pa.Table:
    """The columns of the contract, in its order; whole numbers are written as such. Raises GatherError."""
    target = manifest.get("target")
    names: Sequence[str] = manifest.get("contract", ())
    found = table.rename_columns([str(target) if name == "label" else name for name in table.column_names])
    if missing := [name for name in names if name not in found.column_names] or (not names and ["target"]):
        raise GatherError(f"What was captured lacks the columns {', '.join(missing)} of the model's contract.")
    return pa.table({name: _plain(found[name]) for name in names})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.round(column))).as_py():
        return column.cast(pa.int64())
    return column


def _written(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    csv.write_csv(table, buffer, csv.WriteOptions(quoting_style="needed"))
    return buffer.getvalue()
