"""`sluice monitor`: what the monitors have found in a model's traffic; `--now` lets them look at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.connection import Connection, connect, person_option, stage_option
from cli.errors import CliError
from cli.functions import ask
from cli.pace import Pace
from cli.printing import json_option, minute, out, print_json, working
from cli.verdicts import Verdict, folder_of, monitored, read, verdicts
from env import naming

WORDS = {
    "completed": "as it should be",
    "completed_with_violations": "violations",
    "insufficient_data": "too little data",
    "failed": "failed",
}
"""Each outcome as people call it."""

SIGNS = {
    "completed": f"[green]✓[/] {WORDS['completed']}",
    "completed_with_violations": f"[red]![/] {WORDS['completed_with_violations']}",
    "insufficient_data": f"[yellow]…[/] {WORDS['insufficient_data']}",
    "failed": f"[red]✗[/] {WORDS['failed']}",
}
"""The same with its sign."""

_PATIENCE_SECONDS = 900
"""Lambda's longest run."""

_MOST_VIOLATIONS = 6


@click.command()
@click.argument("model")
@stage_option
@click.option("--now", is_flag=True, help="Look at the traffic now, and wait for what is found.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Show so many, the newest.")
@json_option
@person_option
def monitor(
    model: str, *, stage: str | None, now: bool, limit: int, as_json: bool, person: naming.Person | None
) -> None:
    """Show what the monitors found in MODEL's traffic: the last runs, and what has moved.

    With --now a run is made; exit 0 only if everything could be judged and is as it should be.
    """
    connection = connect(stage, person=person)
    name = monitored(connection, model)
    if now:
        tell_now(connection, name, as_json=as_json)
    else:
        tell_last(connection, name, limit=limit, as_json=as_json)


def tell_now(connection: Connection, model: str, *, as_json: bool) -> None:
    """Make a run and print what it found. Raises CliError unless all could be judged and is as it should be."""
    verdict = look(connection, model)
    print_json(verdict) if as_json else out.print(view(verdict))
    if verdict["outcome"] != "completed":
        raise CliError(f"{model}: {WORDS[verdict['outcome']]}")


def tell_last(connection: Connection, model: str, *, limit: int, as_json: bool) -> None:
    """Print the newest runs, and what the last of them found."""
    found = list(islice(verdicts(connection, model), limit))
    settings = connection.stage.models[model].monitor
    if as_json:
        print_json(found)
    elif found:
        out.print(table(found), "", view(found[0]), sep="\n")
    else:
        rhythm = f" (their schedule is {settings.every})" if settings else ""
        out.print(f"no run of {model}'s monitors has ended yet{rhythm}: `sluice monitor {model} --now` makes one")


def look(connection: Connection, model: str) -> Verdict:
    """Have the traffic of a model judged now; gives the verdict, be it made by the function or by a job that it starts.

    Where nothing serves, that is all the verdict says. Raises CliError when the run fails.
    """
    with working(f"the monitors look at {model}"):
        said = ask(connection, "monitor", {"action": "run", "model": model}, patience_seconds=_PATIENCE_SECONDS)
        if "job" not in said:
            return said
        _follow(connection, said["job"])
        verdict = read(connection, folder_of(connection, model, said["run"]))
    if verdict is None:
        raise CliError(f"job {said['job']} has ended and left no verdict of run {said['run']}")
    return verdict


def _follow(connection: Connection, job: str) -> None:
    """Wait for a Processing job. Raises CliError when it does not complete."""
    sagemaker, pace = connection.client("sagemaker"), Pace()
    while (told := sagemaker.describe_processing_job(ProcessingJobName=job))["ProcessingJobStatus"] in _UNDER_WAY:
        pace.pause()
    if told["ProcessingJobStatus"] != "Completed":
        reason = told.get("FailureReason") or told.get("ExitMessage") or "it gives no reason"
        raise CliError(f"job {job} is {told['ProcessingJobStatus']} ({reason}); its log group is {_LOG_GROUP}")


_UNDER_WAY = ("InProgress", "Stopping")
_LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


def table(found: Sequence[Verdict]) -> Table:
    """Runs for people, a line each."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("window ends", "version", "rows", "outcome", "what", "run"):
        shown.add_column(name, justify="right" if name == "rows" else "left")
    for verdict in found:
        shown.add_row(
            minute(verdict["window"]["end"]),
            escape(verdict["package_version"]),
            f"{verdict['rows']:,}",
            SIGNS.get(verdict["outcome"], verdict["outcome"]),
            escape(moved(verdict) or _cut(verdict["reason"])),
            f"[dim]{escape(verdict['run'])}[/]",
        )
    return shown


def moved(verdict: Verdict, *, most: int = 4) -> str:
    """What is not as it should be, in a few words: the names, monitor by monitor."""
    told = []
    for name, monitor in verdict["monitors"].items():
        features = list(dict.fromkeys(violation["feature"] for violation in monitor["violations"]))
        if features:
            more = f" and {len(features) - most} more" if len(features) > most else ""
            told.append(f"{name}: {', '.join(features[:most])}{more}")
    return "; ".join(told)


def _cut(reason: str, *, most: int = 60) -> str:
    return reason if len(reason) <= most else f"{reason[: most - 1]}…"


def view(verdict: Verdict) -> RenderableType:
    """One run for people: each monitor's outcome and reason, and what has moved by how much."""
    if "monitors" not in verdict:
        return f"{SIGNS.get(verdict['outcome'], verdict['outcome'])}: {escape(verdict['reason'])}"
    return Group(*_lines(verdict))


def _lines(verdict: Verdict) -> Iterator[RenderableType]:
    window = verdict["window"]
    span = f"{minute(window['start'])} to {minute(window['end'])}"
    yield Text.from_markup(
        f"[bold]{escape(verdict['package_version'])}[/] in stage {verdict['stage']}, {span}: {verdict['rows']:,} rows"
    )
    for name, monitor in verdict["monitors"].items():
        yield Text.from_markup(f"{SIGNS.get(monitor['outcome'], monitor['outcome'])}  [bold]{name}[/]")
        yield Text(f"  {monitor['reason']}")
        yield from (_violation(each) for each in monitor["violations"][:_MOST_VIOLATIONS])
        if (rest := len(monitor["violations"]) - _MOST_VIOLATIONS) > 0:
            yield Text(f"  · {rest} more")
    left_out = {reason: many for reason, many in verdict["skipped"].items() if many}
    if left_out:
        yield Text("left out: " + ", ".join(f"{many:,} {reason}" for reason, many in left_out.items()))
    yield Text(f"the report: sluice report {verdict['model']} --stage {verdict['stage']} --run {verdict['run']}")


def _violation(violation: Mapping[str, Any]) -> Text:
    """One violation; the numbers stand in its description."""
    return Text(f"  · {violation['feature']}: {violation['description']}")
