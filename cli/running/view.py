"""An execution for people: a table that lives on a terminal, a line for every change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.printing import number, seconds
from cli.running.jobs import Job
from cli.running.record import WAITING, Run, Step
from cli.running.tracebacks import headline

Jobs = Mapping[str, Job]
"""The jobs of the steps that have one, by the steps' names."""

COLOURS: Mapping[str, str] = {
    "Succeeded": "green",
    "Failed": "red",
    "Stopped": "magenta",
    "Stopping": "magenta",
    "CompletedWithFailures": "red",
    WAITING: "dim",
}
"""The colour of a status; what runs is yellow."""

_MARKS = {"Succeeded": "✓", "Failed": "✗", "Stopped": "■", WAITING: "·"}
_SAYS_NOTHING = ("InProgress", "Completed")
_HIDDEN_UNTIL_MET = "Fail"
"""A step of this type is met only where something else has gone wrong: nobody waits for it."""


class View:
    """A table of an execution's steps; the marks of those that run turn from frame to frame."""

    def __init__(self) -> None:
        self._spinners: dict[str, Spinner] = {}

    def table(self, run: Run, jobs: Jobs) -> RenderableType:
        """The steps: a mark, name, type, time, and what is to be said of each."""
        shown = Table(box=None, pad_edge=False, show_header=False, expand=True)
        shown.add_column(width=1)
        for _ in ("step", "type"):
            shown.add_column(no_wrap=True)
        shown.add_column(justify="right", no_wrap=True)
        shown.add_column(no_wrap=True, overflow="ellipsis", ratio=1)  # takes what is left, so that no name is cut
        for step in run.steps:
            if step.status == WAITING and step.kind == _HIDDEN_UNTIL_MET:
                continue
            style = COLOURS.get(step.status, "yellow") if step.status == WAITING else ""
            told = Text(remark(step, jobs.get(step.name)), style="red" if step.status == "Failed" else "dim")
            took = "" if step.seconds is None else seconds(step.seconds)
            shown.add_row(self._mark(step), Text(step.name, style), Text(step.kind, "dim"), Text(took, style), told)
        return shown

    def _mark(self, step: Step) -> RenderableType:
        if step.runs:
            return self._spinners.setdefault(step.name, Spinner("dots", style="yellow"))
        return Text(_MARKS.get(step.status, "?"), COLOURS.get(step.status, "white"))


def remark(step: Step, job: Job | None = None) -> str:
    """What is worth saying of a step beyond its status: where its result is from, how its job is, what it made."""
    return " · ".join(_remarks(step, job))


def _remarks(step: Step, job: Job | None) -> Iterator[str]:
    if step.attempts > 1:
        yield f"attempt {step.attempts}"
    if step.reused_from:
        yield f"taken from {step.reused_from}"
    if job:
        if step.runs and job.phase not in _SAYS_NOTHING:
            yield job.phase
        yield from (f"{name} {number(value)}" for name, value in job.metrics.items())
    if step.package:
        yield "/".join(step.package.split("/")[-2:])
    if outcome := step.metadata.get("Condition", {}).get("Outcome"):
        yield "holds" if outcome == "True" else "does not hold"
    if step.reason:
        yield headline(step.reason)


class Lines:
    """The same for a file or a program: what has changed since the last look, a line each."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, ...]] = {}

    def fresh(self, run: Run, jobs: Jobs) -> Iterator[str]:
        """A line for each step whose status, attempt or job has changed; those that wait are not told of."""
        for step in run.steps:
            said = (step.status, remark(step, jobs.get(step.name)))
            if step.status != WAITING and self._told.get(step.name) != said:
                self._told[step.name] = said
                took = "" if step.runs or step.seconds is None else seconds(step.seconds)
                yield f"  {step.name:<12} {step.kind:<13} {step.status:<10} {took:>12}  {said[1]}".rstrip()
