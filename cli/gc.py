"""`sluice gc`: what releases have left behind and nothing can need any more, deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from cli.connection import connect, person_option, stage_option
from cli.errors import CliError
from cli.functions import ask
from cli.printing import json_option, print_json, print_rows, working
from env import naming


@click.command()
@click.argument("model")
@stage_option
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@json_option
@person_option
def gc(model: str, stage: str | None, dry_run: bool, as_json: bool, person: naming.Person | None) -> None:
    """Delete endpoint configs and models of MODEL that its releases have left behind; say what is kept and why."""
    connection = connect(stage, person=person)
    name = connection.model(model)
    with working(f"{name}: looking for what releases have left"):
        report = ask(connection, "sweep", {"model": name, "dry_run": dry_run})
    if as_json:
        print_json(report)
    else:
        print_rows(list(_rows(report)), as_json=False, empty=_nothing(name, report))
    if report["failed"]:
        raise CliError(f"{len(report['failed'])} could not be deleted; the next sweep tries again")


def _rows(report: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What becomes of each model and endpoint config, what goes first."""
    gone = "would be deleted" if report["dry_run"] else "deleted"
    for fate, entries in ((gone, report["deleted"]), ("failed", report["failed"]), ("kept", report["kept"])):
        for entry in entries:
            why = entry.get("why", "nothing needs it")
            yield {"what": entry["kind"], "name": entry["name"], "fate": fate, "why": why}


def _nothing(model: str, report: Mapping[str, Any]) -> str:
    waits = [entry["why"] for entry in report["waiting"]]
    return f"{model} was left alone: {waits[0]}" if waits else f"releases of {model} have left nothing behind"
