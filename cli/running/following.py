"""An execution followed to its end: steps, the metrics of what runs, and its log where that is wished for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.text import Text

from cli.connection import Connection
from cli.pace import Pace
from cli.printing import progress
from cli.running.jobs import Job, look
from cli.running.record import Run, gather, plan
from cli.running.view import Jobs, Lines, View
from cli.running.words import Words

_LAST_WORDS_SECONDS = 5.0
"""How long the last lines of a job may take to come after it has ended."""

Tell = Callable[[Run, Jobs], None]


def follow(connection: Connection, arn: str, *, logs: bool = False) -> Run:
    """Show an execution until it is over, with the lines that its jobs write if `logs`; gives its end.

    A table on a terminal, elsewhere a line for every change: on standard error, so that answers can be piped.
    """
    known, pace, log = plan(connection, arn), Pace(), _Log(connection) if logs else None
    with _told() as tell:
        while True:
            run = gather(connection, arn, known=known)
            jobs = {step.name: job for step in run.steps if step.runs and (job := look(connection, step))}
            tell(run, jobs)
            if log:
                log.tell(jobs)
            if run.over:
                break
            pace.pause()
    if log:
        log.finish()
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


class _Log:
    """The lines of whatever runs, each behind the name of its step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._words: dict[str, tuple[str, Words]] = {}

    def tell(self, jobs: dict[str, Job]) -> int:
        """Print what is new; gives the number of lines. A job that has ended is heard until it says nothing more."""
        for step, job in jobs.items():
            self._words.setdefault(job.name, (step, Words(self._connection, job)))
        running, count = {job.name for job in jobs.values()}, 0
        for name, (step, words) in list(self._words.items()):
            said = self._print(step, words)
            if not said and name not in running:
                del self._words[name]
            count += said
        return count

    def finish(self) -> None:
        """Wait for the last lines of the last jobs, as long as some come."""
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        while self.tell({}) and time.monotonic() < deadline:
            time.sleep(0.2)

    def _print(self, step: str, words: Words) -> int:
        fresh = list(words.fresh())
        for line in fresh:
            told = Text.assemble((f"{step} │ ", "dim"), line)
            # A line longer than the screen would push the table about; `sluice logs` has all of it.
            progress.print(told, no_wrap=True, overflow="ellipsis", soft_wrap=False)
        return len(fresh)
