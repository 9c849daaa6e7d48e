"""Keeps the configurations by which Clarify looks at a model: it alone must be told which model serves.

A job definition names a file for it and cannot be changed; so what is in the file follows what serves, at each run.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import Any

from monitor.clarify.config import of_bias, of_explainability
from monitor.policy import Policy
from monitor.running.clients import Clients
from monitor.running.place import Place
from monitor.running.serving import BACKGROUND, MANIFEST, Served
from monitor.running.storage import Stored, content, document, listed, put


def place_of(place: Place, kind: str) -> Stored:
    """Where a configuration is kept, as job definitions name it."""
    key = f"reports/{place.model}/config/{kind}/analysis_config.json"
    return Stored(bucket=place.capture_bucket, key=key)


def configure(place: Place, policy: Policy, served: Served, clients: Clients) -> None:
    """Write what Clarify needs for the monitors of a policy; nothing for a package without a baseline."""
    if served.baseline is None or (policy.bias is None and policy.explainability is None):
        return
    folder = served.baseline
    there = {found.key: found for found in listed(clients.s3, folder.bucket, [f"{folder.key}/"])}
    manifest = there.get(folder.below(MANIFEST).key)
    columns = list((document(clients.s3, manifest) if manifest else {}).get("columns", ()))
    if policy.bias is not None and policy.quality is not None:
        put(clients.s3, place_of(place, "bias"), of_bias(columns, policy.bias, policy.quality))
    background = there.get(folder.below(BACKGROUND).key)
    if policy.explainability is not None and background is not None:
        wanted = of_explainability(
            columns,
            policy.explainability,
            model=served.model,
            instance_type=policy.job_instance_type,
            background=typical(content(clients.s3, background).decode(), columns),
        )
        put(clients.s3, place_of(place, "explainability"), wanted)


def typical(text: str, columns: Sequence[str]) -> list[Any]:
    """One row that stands for a table of CSV: the median of numbers, the commonest of texts."""
    rows = list(csv.DictReader(io.StringIO(text)))
    return [_typical([row[name] for row in rows]) for name in columns]


def _typical(values: Sequence[str]) -> Any:
    known = [value for value in values if value]
    numbers = {value: number for value in set(known) if (number := _number(value)) is not None}
    if known and len(numbers) == len(set(known)):
        return median_low(numbers[value] for value in known)
    counted: Mapping[str, int] = Counter(known)
    return max(sorted(counted), key=lambda value: counted[value], default="")


def _number(text: str) -> float | int | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
