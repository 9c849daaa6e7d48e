"""`sluice report`: the page about a run of the monitors, written to a file and opened."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

import click

from cli.checkout import ROOT
from cli.connection import Connection, connect, person_option, stage_option
from cli.errors import CliError
from cli.printing import progress
from cli.verdicts import content, folder_of, monitored
from env import naming

_STANDARD_OUTPUT = "-"
_KEPT_IN = ".cache/reports"


@click.command()
@click.argument("model")
@stage_option
@click.option("--run", help="A run's id, or the beginning of one; without it the newest.")
@click.option("--output", help=f"The file to write, or - for standard output; without it one in {_KEPT_IN}.")
@click.option("--open/--no-open", "opened", default=None, help="Open it in a browser (default: on a terminal).")
@person_option
def report(
    model: str,
    *,
    stage: str | None,
    run: str | None,
    output: str | None,
    opened: bool | None,
    person: naming.Person | None,
) -> None:
    """Write the page about a run of MODEL's monitors, and open it. Its path goes to standard output."""
    connection = connect(stage, person=person)
    file = write(connection, monitored(connection, model), run=run, output=output)
    if file is None:
        return
    wanted = sys.stdout.isatty() and output is None if opened is None else opened
    if wanted and not webbrowser.open(file.resolve().as_uri()):
        progress.print("there is no browser to open it with")


def write(connection: Connection, model: str, *, run: str | None, output: str | None) -> Path | None:
    """Write the page of a run (the newest for None) and print where; None when it went to standard output.

    Raises CliError where there is no such run, or it has left no page.
    """
    folder = folder_of(connection, model, run)
    page = content(connection, folder, "report.html")
    if page is None:
        raise CliError(f"run {folder.run} of {model} has left no report.html in s3://{folder.bucket}/{folder.key}")
    if output == _STANDARD_OUTPUT:
        click.echo(page, nl=False)
        return None
    file = Path(output) if output else ROOT / _KEPT_IN / connection.stage.name / f"{model}-{folder.run}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(page)
    click.echo(file)
    return file
