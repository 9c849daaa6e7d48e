"""How commands speak: tables for people, JSON for programs, and progress on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_PIPED_WIDTH = 1000
_SECONDS_OF_A_MINUTE = 60
_MINUTES_OF_AN_HOUR = 60
_TINY = 0.001


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH  # a file or a program has no edge at which a table must be cut
    return console


out = _console(stderr=False)
"""Answers: standard output."""

progress = _console(stderr=True)
"""What happens while it happens: standard error, so that answers can be piped."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str = "nothing") -> None:
    """Print rows with the same keys as a table, or as a JSON list with the values as they are."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        out.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(escape(_shown(value)) for value in row.values()))
    out.print(table)


def print_json(value: Any) -> None:
    """Print JSON; times are ISO 8601."""
    click.echo(json.dumps(value, indent=2, default=lambda v: v.isoformat() if isinstance(v, datetime) else str(v)))


COLOURS: Mapping[str, str] = {
    "deployed": "green",
    "approved": "green",
    "open": "yellow",
    "aborted": "yellow",
    "recovery": "yellow",
    "superseded": "magenta",
    "retraining": "yellow",
    "retrained": "cyan",
    "not retrained": "magenta",
    "rolled_back": "red",
    "failed": "red",
    "refused": "red",
    "vetoed": "red",
    "stuck": "red",
}
"""The colour of an outcome."""


def instant(when: str | datetime) -> str:
    """An instant, ISO 8601 or aware, in the reader's own time."""
    known = datetime.fromisoformat(when) if isinstance(when, str) else when
    return f"{known.astimezone():%Y-%m-%d %H:%M:%S}"


def minute(when: str | datetime) -> str:
    """The same without seconds, where many stand below each other."""
    return instant(when)[: -len(":00")]


def seconds(value: float | None) -> str:
    """A duration as people say it: `48 s`, `7 min 05 s`, `2 h 03 min`."""
    if value is None:
        return ""
    whole = round(value)
    if whole < _SECONDS_OF_A_MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, _SECONDS_OF_A_MINUTE)
    if minutes < _MINUTES_OF_AN_HOUR:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // _MINUTES_OF_AN_HOUR} h {minutes % _MINUTES_OF_AN_HOUR:02} min"


def number(value: float) -> str:
    """A number as people compare it: four decimals at most, and four digits that count where it is tiny."""
    if value and abs(value) < _TINY:
        return f"{value:.4g}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is going on: a spinner on a terminal, one line elsewhere."""
    if progress.is_terminal:
        with progress.status(what):
            yield
    else:
        progress.print(what)
        yield


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
