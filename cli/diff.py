"""`sluice diff`: what a push would change, against what is deployed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

import click
from botocore.exceptions import ClientError
from rich.text import Text

from cli import compiling, definitions, differences
from cli.checkout import ROOT
from cli.connection import Connection, connect, person_option, stage_option
from cli.differences import Change
from cli.printing import json_option, out, print_json, progress
from env import naming

_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS = {"+": "green", "-": "red", "~": "yellow", "@": "cyan"}
_MOST_LINES = 400


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file that a step reads, and in which way it changes."""

    path: str
    kind: str
    """``added``, ``removed`` or ``changed``."""
    diff: tuple[str, ...]
    """A unified diff, or a sentence where it is no text."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A change with the files behind it."""

    change: Change
    files: tuple[FileChange, ...] = field(default=())


@click.command()
@click.argument("model")
@stage_option
@person_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are differences, as `git diff --exit-code`.")
@json_option
def diff(model: str, stage: str | None, person: naming.Person | None, exit_code: bool, as_json: bool) -> None:
    """Show what a push of MODEL would change: parameters, steps, and the code that the steps run."""
    connection = connect(stage, person=person)
    name = connection.model(model)
    there, wanted = definitions.deployed(connection, name), definitions.locked(connection.stage, name)
    changes = changed(connection, name, there=there or {}, wanted=wanted)
    if as_json:
        print_json([{**asdict(one.change), "files": [asdict(file) for file in one.files]} for one in changes])
    else:
        _print(naming.pipeline(connection.stage, name), changes, deployed=there is not None)
    if compiling.stale(_folder(name)):
        progress.print(f"[yellow]warning:[/] the lock is older than its sources: run `sluice compile {name}` first")
    if exit_code and changes:
        raise SystemExit(1)  # click takes its own way out for the exit code 0


def changed(
    connection: Connection, model: str, *, there: definitions.Definition, wanted: definitions.Definition
) -> list[Changed]:
    """What leads from one definition of ``model`` to that of its lock, with the files behind it."""
    files = _Files(connection, model)
    return [Changed(change=change, files=tuple(files.of(change))) for change in differences.between(there, wanted)]


def _folder(model: str) -> Path:
    return ROOT / "pipelines" / naming.folder(model)


class _Files:
    """The files of both sides: those of the deployed pipeline in the artifact bucket, those of the lock in the lock."""

    def __init__(self, connection: Connection, model: str) -> None:
        self._s3 = connection.client("s3")
        self._bucket = naming.artifact_bucket(connection.stage)
        self._lock = _folder(model) / "lock"
        self._told: set[tuple[str | None, str | None]] = set()

    def of(self, change: Change) -> Iterator[FileChange]:
        """The files that differ behind one change; each pair of places is told once."""
        for detail in change.details:
            keys = detail.assets()
            if keys != (None, None) and keys not in self._told:
                self._told.add(keys)
                yield from self._between(*keys)

    def _between(self, before: str | None, after: str | None) -> Iterator[FileChange]:
        new = _locked(self._lock, after) if after else {}
        old = self._deployed(before, like=new) if before else {}
        for path in sorted({*old, *new}):
            if old.get(path) != new.get(path):
                kind = "changed" if path in old and path in new else "added" if path in new else "removed"
                yield FileChange(path=path, kind=kind, diff=tuple(_unified(path, old.get(path), new.get(path))))

    def _deployed(self, key: str, *, like: dict[str, bytes]) -> dict[str, bytes]:
        """The files under a key; whoever may not list the bucket sees those that have a name in ``like``."""
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=key)
            keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            keys = [key, *(f"{key}/{name}" for name in like)]
        keys = [found for found in keys if found == key or found.startswith(f"{key}/")]
        return {_relative(found, key): data for found in keys if (data := self._read(found)) is not None}

    def _read(self, key: str) -> bytes | None:
        try:
            data: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            # Whoever may not list a bucket is told so in place of what is missing.
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404", "AccessDenied"):
                raise
            return None
        return data


def _locked(lock: Path, key: str) -> dict[str, bytes]:
    place = lock / key
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    return {_relative(path.relative_to(lock).as_posix(), key): path.read_bytes() for path in files}


def _relative(found: str, key: str) -> str:
    """The path of a file within what a step is given; a single file is known by its name."""
    return found.removeprefix(f"{key}/") if found != key else key.rsplit("/", 1)[-1]


def _unified(path: str, old: bytes | None, new: bytes | None) -> Iterator[str]:
    try:
        before, after = ((data or b"").decode().splitlines() for data in (old, new))
    except UnicodeDecodeError:
        yield f"{path}: no text; {len(old or b'')} → {len(new or b'')} bytes"
        return
    lines = list(difflib.unified_diff(before, after, f"deployed/{path}", f"lock/{path}", lineterm="", n=2))
    yield from islice(lines, _MOST_LINES)
    if len(lines) > _MOST_LINES:
        yield f"… {len(lines) - _MOST_LINES} more lines"


def _print(pipeline: str, changes: Sequence[Changed], *, deployed: bool) -> None:
    if not changes:
        out.print(f"[bold]{pipeline}[/] is what the lock says: a push would change nothing")
        return
    out.print(f"[bold]{pipeline}[/] {'would change by a push' if deployed else 'is not deployed; it would have'}:")
    for one in changes:
        _print_change(one)


def _print_change(one: Changed) -> None:
    change, mark = one.change, _MARKS[one.change.kind]
    title = Text(f"\n{mark} {change.what} ", style=_COLOURS[mark]).append(change.name, style="bold")
    out.print(title.append(f"  {change.type}", style="dim"))
    for detail in change.details if change.kind == "changed" or change.what == "parameter" else ():
        out.print(_line(detail))
    for file in one.files:
        _print_file(file, whole=change.kind == "changed")


def _line(detail: differences.Detail) -> Text:
    before, after = (differences.short(text) for text in (detail.before, detail.after))
    text = Text(f"    {detail.path}: ")
    if before is not None:
        text.append(before, style="red")
    if before is not None and after is not None:
        text.append(" → ")
    if after is not None:
        text.append(after, style="green")
    return text.append("  (removed)", style="dim") if detail.after is None else text


def _print_file(file: FileChange, *, whole: bool) -> None:
    """A changed file with its lines; of a file that comes or goes with its step, the name."""
    if not whole:
        out.print(Text(f"    {_MARKS[file.kind]} {file.path}", style="dim"))
        return
    for line in file.diff:
        style = "bold" if line.startswith(("---", "+++")) else _COLOURS.get(line[:1], "")
        out.print(Text(f"      {line}", style=style))
