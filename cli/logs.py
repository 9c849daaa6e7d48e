"""`sluice logs`: what the jobs of an execution have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from cli.connection import Connection, connect, person_option, stage_option
from cli.errors import WrongUseError
from cli.pace import Pace
from cli.printing import json_option, out, print_json, progress
from cli.running.finding import find
from cli.running.jobs import look
from cli.running.record import Plan, Run, Step, gather, plan
from cli.running.words import Words
from env import naming

Line = tuple[str, str]
"""The name of a step, and a line that it wrote."""


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("step", required=False)
@stage_option
@click.option("--follow", is_flag=True, help="Go on until the run is over.")
@json_option
@person_option
def logs(
    run: str, step: str | None, *, stage: str | None, follow: bool, as_json: bool, person: naming.Person | None
) -> None:
    """Show what the steps of RUN have written, or one STEP of it.

    RUN is an execution's id, the beginning of one, or a MODEL, which means its last.
    """
    if follow and as_json:
        raise WrongUseError("--follow has no end that could be JSON: leave one of the two away")
    connection = connect(stage, person=person)
    lines = _lines(connection, find(connection, run), step=step, follow=follow)
    if as_json:
        print_json([{"step": name, "line": line} for name, line in lines])
        return
    silent = True
    for name, line in lines:
        out.print(Text.assemble(("" if step else f"{name} │ ", "dim"), line))
        silent = False
    if silent:
        progress.print("nothing was written")


def _lines(connection: Connection, arn: str, *, step: str | None, follow: bool) -> Iterator[Line]:
    known, pace, words = plan(connection, arn), Pace(), dict[str, tuple[str, Words]]()
    while True:
        run = gather(connection, arn, known=known)
        for chosen in _chosen(run, step, known=known):
            if job := look(connection, chosen):
                words.setdefault(job.name, (chosen.name, Words(connection, job)))
        yield from ((name, line) for name, heard in words.values() for line in heard.fresh())
        if run.over or not follow:
            return
        pace.pause()


def _chosen(run: Run, step: str | None, *, known: Plan) -> Sequence[Step]:
    """The steps whose words are wanted; none where the run ended before it came to them.

    Raises WrongUseError for a step that neither the run nor its definition has.
    """
    if step is None:
        return run.steps
    names = dict.fromkeys([*known, *(each.name for each in run.steps)])
    if step.lower() not in map(str.lower, names):
        raise WrongUseError(f"run {run.id} has no step {step!r}: it has {', '.join(names)}")
    return [each for each in run.steps if each.name.lower() == step.lower()]
