"""`sluice history`: the ledger as people read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from cli import ledger
from cli.connection import connect, stage_option
from cli.ledger import Record
from cli.printing import COLOURS, instant, json_option, out, print_json, seconds

Row = dict[str, Any]

_WHY_COLUMNS = 44


@click.command()
@click.argument("model")
@stage_option
@json_option
@click.option("--limit", type=click.IntRange(min=1), help="Show so many entries, the newest ones.")
def history(model: str, stage: str | None, as_json: bool, limit: int | None) -> None:
    """Show what was approved, released, refused, taken back and trained anew of MODEL, newest first."""
    connection = connect(stage)
    name = connection.model(model)
    entries = rows(ledger.records(connection, name))[:limit]
    if as_json:
        print_json(entries)
    elif not entries:
        out.print(f"the ledger of {name} in stage {connection.stage.name} is empty: nothing was released yet")
    else:
        out.print(table(entries))


def rows(records: Sequence[Record]) -> list[Row]:
    """What happened, newest first: one row a release or retraining, an approval, a veto, a refusal, a dead end."""
    return list(_told(records))[::-1]


def _told(records: Sequence[Record]) -> Iterator[Row]:
    serving: int | None = None
    opened = {record["release_id"] for record in records if record["kind"] == "opened"}
    for record in records:
        kind = record["kind"]
        if kind == "opened":
            yield _release(record, ledger.outcome_of(records, record["release_id"]), serving)
        elif kind == "outcome" and (record["release_id"] not in opened or record.get("cause") == "deploy"):
            yield {**_entry(record, "deploy"), "from": serving, **_ended(record)}
        elif kind == "retraining":
            yield _retraining(record, ledger.answer_to(records, record["sequence"]))
        elif kind in _SINGLE and not record.get("about"):
            yield _SINGLE[kind](record)
        if kind == "outcome" and record["outcome"] == "deployed":
            serving = record["version"]


def _release(record: Record, ended: Record | None, serving: int | None) -> Row:
    return {
        **_entry(record, "release"),
        "from": serving,
        "by": record.get("approved_by"),
        "rollout": record.get("rollout"),
        "cause": record.get("cause"),
        "alarms": list(record.get("alarms", [])),
        **(_ended(ended) if ended else {"outcome": "open"}),
    }


def _retraining(record: Record, answer: Record | None) -> Row:
    """A retraining with how it went on: its execution, or why it never began."""
    entry = {**_entry(record, "retraining"), "by": "sluice", "alarms": list(record["monitors"])}
    if answer is None:
        return {**entry, "outcome": "retraining"}
    if answer["kind"] == "not_retrained":
        return {**entry, "outcome": "not retrained", "why": f"{record['reason']} → {answer['reason']}"}
    return {**entry, "outcome": "retrained", "execution": answer["execution"]}


def _ended(outcome: Record) -> Row:
    return {
        "outcome": outcome["outcome"],
        "why": outcome.get("reason"),
        "alarms": list(outcome.get("alarms", [])),
        "seconds": outcome.get("seconds"),
        "config": outcome.get("config"),
    }


def _entry(record: Record, kind: str) -> Row:
    """The members that every row has, in the order in which they are told."""
    return {
        "sequence": record["sequence"],
        "at": record["at"],
        "kind": kind,
        "release": record.get("release_id"),
        "version": record.get("version"),
        "from": None,
        "by": record.get("by"),
        "rollout": None,
        "cause": record.get("cause"),
        "reason": record.get("reason"),
        "outcome": None,
        "why": record.get("reason"),
        "alarms": [],
        "seconds": None,
        "config": None,
        "execution": None,
    }


def _recovered(record: Record) -> str:
    skipped = ", ".join(record.get("skipped", []))
    without = f" without {skipped}" if skipped else ""
    return f"the stack's rollback was continued{without} (attempt {record['attempt']})"


_SINGLE: Mapping[str, Callable[[Record], Row]] = {
    "approved": lambda record: {**_entry(record, "approval"), "outcome": "approved"},
    "veto": lambda record: {**_entry(record, "veto"), "outcome": "vetoed"},
    "abort": lambda record: {**_entry(record, "abort"), "outcome": "aborted"},
    "recovery": lambda record: {**_entry(record, "recovery"), "outcome": "recovery", "why": _recovered(record)},
    "refused": lambda record: {**_entry(record, "refusal"), "outcome": "refused"},
    "stuck": lambda record: {**_entry(record, "stuck"), "outcome": "stuck"},
    "not_retrained": lambda record: {**_entry(record, "retraining"), "by": "sluice", "outcome": "not retrained"},
}


def sentence(entry: Row) -> str:
    """One entry in one line, for people."""
    colour = COLOURS.get(entry["outcome"], "white")
    name = entry["release"] or f"version {entry['version']}"
    return f"{instant(entry['at'])}: {name} [{colour}]{entry['outcome']}[/]: {_why(entry)}"


def table(entries: Sequence[Row]) -> Table:
    """The entries for people, a line each."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("when", "release", "version", "outcome", "by", "took"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("why", overflow="fold", min_width=_WHY_COLUMNS)
    for entry in entries:
        colour = COLOURS.get(entry["outcome"], "white")
        shown.add_row(
            instant(entry["at"]),
            entry["release"] or "",
            _move(entry),
            f"[{colour}]{entry['outcome']}[/]",
            person(entry["by"]),
            seconds(entry["seconds"]),
            _why(entry),
        )
    return shown


def _move(entry: Row) -> str:
    if entry["kind"] in ("release", "deploy"):
        return f"{entry['from'] or 'none'} → {entry['version']}"
    return str(entry["version"] or "")


def _why(entry: Row) -> str:
    """The reason for people: an alarm bears the name of its fleet's config, which says nothing to them."""
    told = _reasons(entry)
    return re.sub(f"{re.escape(entry['config'])}-", "", told, flags=re.IGNORECASE) if entry["config"] else told


def _reasons(entry: Row) -> str:
    why = escape(entry["why"] or "")
    if entry["kind"] == "release":
        told = "" if entry["outcome"] in ("open", "deployed") else f" [dim]→[/] {why}"
        why = f"{entry['cause']}: {escape(entry['reason'] or '')}{told}"
    unsaid = [alarm for alarm in entry["alarms"] if alarm not in why]
    return f"{why} [dim](rang: {', '.join(unsaid)})[/]" if unsaid else why


def person(arn: str | None) -> str:
    """Who an ARN speaks of, short: role and session of an assumed role, else its last part."""
    if not arn:
        return ""
    parts = arn.rsplit(":", 1)[-1].split("/")
    return "/".join(parts[-2:]) if parts[0] == "assumed-role" else parts[-1]
