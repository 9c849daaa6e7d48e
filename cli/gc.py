"""`sluice gc`: what releases have left behind and nothing can need any more, deleted."""

from __future__ import annotations

import click

from cli.connection import connect, person_option, stage_option
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
        return
    print_rows(report["entries"], as_json=False, empty="releases have left nothing behind")
