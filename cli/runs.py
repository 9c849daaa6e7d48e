"""`sluice runs`: the executions of a model's pipeline, and what each has come to."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import click
from rich.console import JustifyMethod
from rich.markup import escape
from rich.table import Table

from cli.connection import Connection, connect, person_option, stage_option
from cli.history import person as short
from cli.printing import json_option, minute, out, print_json, seconds
from cli.running.finding import summaries
from cli.running.record import Run, Step, gather, plan
from cli.running.tracebacks import headline
from cli.running.view import COLOURS
from env import naming

_AT_ONCE = 4
_COLUMNS = {"run": 0, "started": 0, "status": 0, "took": 80, "by": 100, "came to": 0}
"""What is said of a run, and how wide the screen is on which there is room for it."""


@click.command()
@click.argument("model")
@stage_option
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Show so many, the newest.")
@json_option
@person_option
def runs(model: str, *, stage: str | None, limit: int, as_json: bool, person: naming.Person | None) -> None:
    """List the runs of MODEL, newest first: how each ended, and the version or the reason."""
    connection = connect(stage, person=person)
    name = connection.model(model)
    found = recent(connection, name, limit=limit)
    if as_json:
        print_json([facts(run) for run in found])
    elif not found:
        out.print(f"{name} has never run in stage {connection.stage.name}: `sluice run {name}`")
    else:
        out.print(table(found, width=out.width if out.is_terminal else None), soft_wrap=False)


def recent(connection: Connection, model: str, *, limit: int) -> list[Run]:
    """The newest executions of a model, newest first."""
    arns = [summary["PipelineExecutionArn"] for summary in islice(summaries(connection, model), limit)]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(lambda arn: gather(connection, arn, known=plan(connection, arn)), arns))


def facts(run: Run) -> dict[str, Any]:
    """A run for programs; seconds by the cloud's clock."""
    return {
        "run": run.id,
        "status": run.status,
        "started": run.begun,
        "seconds": round(run.seconds, 1),
        "version": run.version,
        "failed_step": run.failed[0].name if run.failed else None,
        "reason": _reason(run) or None,
        "by": run.by,
        "arn": run.arn,
        "steps": {step.name: _step(step) for step in run.steps},
    }


def table(found: list[Run], *, width: int | None) -> Table:
    """Runs for people, a line each, on a screen of so many columns; None for what is no screen."""
    names = [name for name, least in _COLUMNS.items() if width is None or width >= least]
    shown = Table(box=None, pad_edge=False, header_style="bold", expand=width is not None)
    for name in names:
        justify: JustifyMethod = "right" if name == "took" else "left"
        # The last column takes what is left: an id that is cut names nothing.
        last = 1 if name == names[-1] else None
        shown.add_column(name, no_wrap=True, justify=justify, overflow="ellipsis", ratio=last)
    for run in found:
        row = _row(run)
        shown.add_row(*(row[name] for name in names))
    return shown


def _row(run: Run) -> dict[str, str]:
    return {
        "run": run.id,
        "started": minute(run.begun),
        "status": f"[{COLOURS.get(run.status, 'yellow')}]{run.status}[/]",
        "took": seconds(run.seconds),
        "by": escape(short(run.by).rsplit("/", 1)[-1]),
        "came to": _outcome(run),
    }


def _outcome(run: Run) -> str:
    """The version a run registered, or what hindered it, or what it is doing."""
    if run.version:
        return run.version
    if run.failed:
        return f"[red]{run.failed[0].name}[/]: {escape(_reason(run))}"
    return ", ".join(step.name for step in run.steps if step.runs) or escape(_reason(run))


def _reason(run: Run) -> str:
    """The first line of what went wrong."""
    told = run.failed[0].reason if run.failed else run.reason
    return headline(told)


def _step(step: Step) -> Mapping[str, Any]:
    told = {"type": step.kind, "status": step.status, "seconds": step.seconds, "attempts": step.attempts}
    return {**told, "reused_from": step.reused_from, "reason": step.reason or None}
