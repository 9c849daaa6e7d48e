"""Joins captured requests and labels by inference id, as AWS's ground truth merger does.

Developer Guide, "Ingest ground truth labels and merge them with predictions": folders and times come in the
environment; a record is merged when its inference id, or the id of its event where it has none, has a label.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Members = dict[str, Any]


def labels(folder: Path, seen: Counter[str]) -> dict[str, Members]:
    """The newest label of each id below a folder: files in order of their names, lines in order."""
    found = {}
    for record in _records(folder, seen):
        try:
            found[str(record["eventMetadata"]["eventId"])] = record["groundTruthData"]
        except (KeyError, TypeError):
            seen["labels that are none"] += 1
    return found


def merged(file: Path, known: Mapping[str, Members], seen: Counter[str], times: tuple[str, str]) -> Iterator[Members]:
    """The captured records of a file that have a label and lie within times, with it."""
    start, end = times
    for record in _records(file, seen):
        about = record.get("eventMetadata") if isinstance(record, dict) else None
        if not isinstance(about, dict) or "captureData" not in record:
            seen["captured records that are none"] += 1
            continue
        if not start <= str(about.get("inferenceTime", "")) < end:
            seen["requests of other times"] += 1
            continue
        label = known.get(str(about.get("inferenceId"))) or known.get(str(about.get("eventId")))
        if label is None:
            seen["requests without a label"] += 1
            continue
        seen["merged"] += 1
        yield {"captureData": record["captureData"], "groundTruthData": label, **_rest(record)}


def main(environment: Mapping[str, str]) -> int:
    """Merge what the environment names; gives the exit code."""
    source, target = Path(environment["dataset_source"]), Path(environment["output_path"])
    times = environment.get("start_time", ""), environment.get("end_time", "~")
    seen: Counter[str] = Counter()
    known = labels(Path(environment["ground_truth_source"]), seen)
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        lines = [json.dumps(record) for record in merged(file, known, seen, times)]
        if lines:
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    sys.stdout.write(f"{len(known)} labels; {', '.join(f'{count} {what}' for what, count in sorted(seen.items()))}\n")
    if not seen["merged"]:
        _tell("No captured request has a label: there is nothing to merge.")
        return 1
    _tell(f"Completed: {seen['merged']} requests are merged with their labels.")
    return 0


def _tell(message: str) -> None:
    place = Path("/opt/ml/output/message")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(message, encoding="utf-8")


def _rest(record: Members) -> Members:
    return {name: record[name] for name in ("eventMetadata", "eventVersion") if name in record}


def _records(place: Path, seen: Counter[str]) -> Iterator[Any]:
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    for file in files:
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                if line.strip():
                    yield json.loads(line)
            except ValueError:
                seen["lines that are no JSON"] += 1


if __name__ == "__main__":
    sys.exit(main(os.environ))
