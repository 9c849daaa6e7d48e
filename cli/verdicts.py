"""What monitors have said of a model: the verdicts of their runs, in the stage's capture bucket, the newest first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.errors import CliError, WrongUseError
from env import naming

Verdict = Mapping[str, Any]
"""What one run came to: `run`, `window`, `package_version`, `rows`, `outcome`, `reason`, `monitors`, `skipped`."""

_DEPTH = 5
"""Year, month, day, hour, run: below that are a run's files."""

_YEAR = re.compile(r"/[0-9]{4}/$")

_MISSING = ("NoSuchKey", "404")


@dataclass(frozen=True)
class Folder:
    """Where the files of one run lie."""

    bucket: str
    key: str
    """Ends with a slash."""

    @property
    def run(self) -> str:
        """The run's id."""
        return self.key.rstrip("/").rpartition("/")[2]


def monitored(connection: Connection, model: str) -> str:
    """The name of a monitored model in AWS. Raises WrongUseError where the stage does not monitor it."""
    name, stage = connection.model(model), connection.stage
    if stage.models[name].monitor is None:
        remedy = f"add [models.{name}.monitor] to env/{stage.name}.toml and run `sluice deploy {stage.name}`"
        raise WrongUseError(f"stage {stage.name} does not monitor {name}: {remedy}")
    return name


def verdicts(connection: Connection, model: str) -> Iterator[Verdict]:
    """The verdicts of a model, newest first, each read when it is asked for; a run that still writes has none yet."""
    for folder in folders(connection, model):
        if (found := read(connection, folder)) is not None:
            yield found


def folders(connection: Connection, model: str) -> Iterator[Folder]:
    """The folders of a model's runs, newest first; what is older is listed only when somebody asks for it."""
    bucket = naming.capture_bucket(connection.stage)
    try:
        for key in _below(connection.client("s3"), bucket, f"reports/{model}/", depth=_DEPTH):
            yield Folder(bucket, key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        remedy = f"run `sluice deploy {connection.stage.name}` first"
        raise WrongUseError(f"stage {connection.stage.name} has no bucket {bucket}: {remedy}") from error


def folder_of(connection: Connection, model: str, run: str | None) -> Folder:
    """The folder of a run by its id or the beginning of one; of the newest for None. Raises CliError without one."""
    found = next((each for each in folders(connection, model) if each.run.startswith(run or "")), None)
    if found is None:
        remedy = (
            f"{run!r}: `sluice monitor {model}` tells of them"
            if run
            else f"yet: `sluice monitor {model} --now` makes one"
        )
        raise CliError(f"{model} in stage {connection.stage.name} has no run of the monitors {remedy}")
    return found


def read(connection: Connection, folder: Folder) -> Verdict | None:
    """The verdict in a run's folder, None where there is none yet."""
    text = content(connection, folder, "verdict.json")
    if text is None:
        return None
    found: Verdict = json.loads(text)
    return found


def content(connection: Connection, folder: Folder, name: str) -> bytes | None:
    """A file of a run, None where there is none."""
    try:
        answer = connection.client("s3").get_object(Bucket=folder.bucket, Key=f"{folder.key}{name}")
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    text: bytes = answer["Body"].read()
    return text


def _below(s3: Any, bucket: str, prefix: str, *, depth: int) -> Iterator[str]:
    """The prefixes so many levels below one, in falling order: later years, days and runs come first."""
    if depth == 0:
        yield prefix
        return
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    below = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    for each in sorted(below, reverse=True):
        # Beside the years lie what monitors keep for themselves, and SageMaker's own reports.
        if depth < _DEPTH or _YEAR.search(each):
            yield from _below(s3, bucket, each, depth=depth - 1)
