"""`sluice labels push`: what became of those whom a model has judged, brought to where its monitors look."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from cli.connection import Connection, connect, person_option, stage_option
from cli.errors import WrongUseError
from cli.label_file import Label, labels, tally
from cli.label_rules import judge_of
from cli.printing import json_option, out, print_json
from cli.state import answered
from cli.verdicts import monitored
from env import naming

_LABELS_IN_AN_OBJECT = 100_000
_FILES = uuid.UUID("8a1d6f0a-92f7-5f6e-b0a5-3d2f7d1c4e90")
"""What the names of objects are derived from, beside their content: the same labels have the same name."""


@click.group("labels")
def group() -> None:
    """What became of those whom a model has judged."""


@group.command()
@click.argument("model")
@click.argument("file")
@stage_option
@json_option
@person_option
def push(model: str, file: str, *, stage: str | None, as_json: bool, person: naming.Person | None) -> None:
    """Bring the labels in FILE (- for standard input) to the monitors of MODEL.

    FILE is CSV with the header inference_id,label, or JSON lines with these members. It is checked as a whole before
    anything is written; the same labels twice are written once.
    """
    connection = connect(stage, person=person)
    name = monitored(connection, model)
    found, repeated = labels(_text(file), name=file, judge=judge_of(connection, name))
    told = bring(connection, name, found)
    if as_json:
        print_json({"model": name, "labels": len(found), "repeated": repeated, "values": tally(found), **told})
        return
    values = ", ".join(f"{many:,} × {value}" for value, many in tally(found).items())
    more = f"; {repeated:,} lines say the same again" if repeated else ""
    verb = "pushed" if told["written"] else "were there already"
    out.print(f"{len(found):,} labels of {name} {verb}{f' ({values})' if values else ''}{more}")


def bring(connection: Connection, model: str, found: Sequence[Label]) -> dict[str, Any]:
    """Write labels into the folder of the hour, as Model Monitor reads them, unless they are there already.

    Gives `objects`, the URIs of all that hold them, and `written`, how many were written now.
    """
    s3, bucket = connection.client("s3"), naming.capture_bucket(connection.stage)
    there, now = _there(s3, bucket, model)
    objects, written = [], 0
    for start in range(0, len(found), _LABELS_IN_AN_OBJECT):
        body = "".join(_lines(found[start : start + _LABELS_IN_AN_OBJECT]))
        name = f"{uuid.uuid5(_FILES, body)}.jsonl"
        if name not in there:
            there[name] = f"labels/{model}/{now:%Y/%m/%d/%H}/{name}"
            s3.put_object(Bucket=bucket, Key=there[name], Body=body.encode(), ContentType="application/jsonlines")
            written += 1
        objects.append(f"s3://{bucket}/{there[name]}")
    return {"objects": objects, "written": written}


def _there(s3: Any, bucket: str, model: str) -> tuple[dict[str, str], datetime]:
    """The objects of labels that a model has, name → key, and what time it is there."""
    try:
        pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"labels/{model}/"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        raise WrongUseError(f"there is no bucket {bucket}: run `sluice deploy` for the stage first") from error
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return {key.rpartition("/")[2]: key for key in keys}, answered(pages[-1]).astimezone(UTC)


def _lines(found: Sequence[Label]) -> Iterator[str]:
    """Form: SageMaker Developer Guide, "Ingest ground truth labels and merge them with predictions"."""
    for label in found:
        record: Mapping[str, Any] = {
            "groundTruthData": {"data": label.value, "encoding": "CSV"},
            "eventMetadata": {"eventId": label.id},
            "eventVersion": "0",
        }
        yield json.dumps(record, ensure_ascii=False) + "\n"


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUseError(f"{file} is not UTF-8: byte {error.start + 1:,} is {raw[error.start]:#04x}") from error
    except OSError as error:
        raise WrongUseError(f"{file} cannot be read: {error.strerror}") from error
