"""Chains of steps that do nothing, as several runners run them."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Taken:
    """How long one run of a chain took, in seconds."""

    whole: float
    """From the start of the runner's process to its end."""
    first: float
    """From the start of the runner's process to the first step's program."""


@dataclass(frozen=True)
class Runner:
    """A way to run a chain. `run` gives what the last step wrote: the time at which each step began, a line each."""

    name: str
    run: Callable[[int], str]
    isolates: bool = True
    """Whether each step has a process of its own."""

    def time(self, steps: int) -> Taken:
        """Run a chain of so many steps. Raises SystemExit when not all of them ran, in order."""
        began = time.time()
        times = [float(line) for line in self.run(steps).split()]
        whole = time.time() - began
        if len(times) != steps or times != sorted(times):
            raise SystemExit(f"{self.name} has not run {steps} steps: {times}")
        return Taken(whole, times[0] - began)


def bare(python: Path) -> Runner:
    """The limit: `python step.py` for each step, one after the other, on files of this machine."""

    def run(steps: int) -> str:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, str(number)) for number in range(steps + 1)]
            files[0].touch()
            for source, target in itertools.pairwise(files):
                subprocess.run([python, FOLDER / "step.py", source, target], check=True, env=environment())
            return files[-1].read_text()

    return Runner("bare python", run)


def program(name: str, command: Sequence[str | Path], *, isolates: bool = True, **more: str) -> Runner:
    """A runner that is a program: STEPS is in its environment, and TIMES, where it writes what the last step gave."""

    def run(steps: int) -> str:
        with tempfile.TemporaryDirectory() as folder:
            times = Path(folder, "times")
            env = environment({**more, "STEPS": str(steps), "TIMES": str(times), "FOLDER": folder, "HOME": folder})
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name} failed: {done.stdout[-2000:]}\n{done.stderr[-2000:]}")
            return times.read_text()

    return Runner(name, run, isolates=isolates)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which nobody is told of anything, and Python keeps what it has compiled."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    silent = {"DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1", "DAGSTER_DISABLE_TELEMETRY": "1"}
    return {**kept, **silent, "METAFLOW_USER": "benchmark", **(more or {})}
