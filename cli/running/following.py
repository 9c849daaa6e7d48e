"""An execution followed to its end: steps, the metrics of what runs, and its log where that is wished for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.live import Live
from rich.text import Text

from cli.connection import Connection
from cli.pace import Pace
from cli.printing import progress
from cli.running.jobs import Job, look
from cli.running.record import WAITING, Run, gather, plan
from cli.running.view import Jobs, Lines, View
from cli.running.words import Words

_LAST_WORDS_SECONDS = 5.0
"""How long the last lines of a job may take to come after it has ended."""

_PAUSE_SECONDS = 0.2

Tell = Callable[[Run, Jobs], None]


def follow(connection: Connection, arn: str, *, logs: bool = False) -> Run:
    """Show an execution until it is over, with the lines that its jobs write if `logs`; gives its end.

    A table on a terminal, elsewhere a line for every change: on standard error, so that answers can be piped.
    """
    known, pace, looks, log = plan(connection, arn), Pace(), _Looks(connection), _Log(connection)
    with _told() as tell:
        while True:
            run = gather(connection, arn, known=known)
            jobs = looks.at(run)
            tell(run, jobs)
            if logs:
                log.tell(run, jobs)
            if run.over:
                break
            pace.pause()
        if logs:
            log.finish(run, jobs)
    return run


@contextmanager
def _told() -> Iterator[Tell]:
    """How executions are shown where progress goes to."""
    if progress.is_terminal:
        view = View()
        with Live(console=progress, refresh_per_second=8) as live:
            yield lambda run, jobs: live.update(view.table(run, jobs), refresh=True)
        return
    lines = Lines()

    def tell(run: Run, jobs: Jobs) -> None:
        for line in lines.fresh(run, jobs):
            progress.print(line, markup=False)

    yield tell


class _Looks:
    """The jobs of steps, looked at while they run and once more when they have ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[str, Job] = {}
        self._settled: dict[str, Mapping[str, Any]] = {}

    def at(self, run: Run) -> Jobs:
        """The jobs of all steps that have started, by the steps' names."""
        for step in run.steps:
            # A step that was tried again between two looks has another job.
            if step.status == WAITING or (self._settled.get(step.name) == step.metadata and not step.runs):
                continue
            if job := look(self._connection, step):
                self._found[step.name] = job
            if not step.runs:
                self._settled[step.name] = step.metadata
        return dict(self._found)


class _Log:
    """The lines of jobs, each behind the name of its step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._words: dict[str, tuple[str, Words]] = {}
        self._silent: set[str] = set()

    def tell(self, run: Run, jobs: Jobs) -> int:
        """Print what is new; gives the number of lines. A job that has ended is heard until it says nothing more."""
        running, count = {jobs[step.name].name for step in run.steps if step.runs and step.name in jobs}, 0
        for step, job in jobs.items():
            self._words.setdefault(job.name, (step, Words(self._connection, job)))
        for job_name in [name for name in self._words if name not in self._silent]:
            said = self._print(*self._words[job_name])
            if not said and job_name not in running:
                self._silent.add(job_name)
            count += said
        return count

    def finish(self, run: Run, jobs: Jobs) -> None:
        """Wait for the last lines of the last jobs, as long as some come."""
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        while self.tell(run, jobs) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def _print(self, step: str, words: Words) -> int:
        fresh = list(words.fresh())
        for line in fresh:
            told = Text.assemble((f"{step} │ ", "dim"), line)
            # A line longer than the screen would push the table about; `sluice logs` has all of it.
            progress.print(told, no_wrap=True, overflow="ellipsis", soft_wrap=False)
        return len(fresh)
