"""What a step of a pipeline costs beside its own work, and how soon the first one runs, beside peers in the same run.

    .venv/bin/python benchmarks/pipeline_overhead.py [--rounds 5] [--only NAME] [--quick]

Runs chains of 1 and of 9 steps that do nothing, in turns: as bare `python` processes, which is the limit; as plain
Processing steps of a pipeline on a local cloud that runs, started by boto3, each with its program and its data from S3
and data to S3; and by Metaflow, Kubeflow Pipelines' local subprocess runner, Dagster and Kedro, which hand data on in
files or in memory of this machine. A step costs an eighth of what 9 take more than 1. Prints a table of medians, then
one line `RESULT name=value goal=value ok|short` a goal; exits 1 if any is short. `--only kfp` leaves out all peers but
those that are called so, and `--quick` is one round without any. The peers, 280 MB, are installed into .cache the first
time. All of it takes about eight minutes on two cores.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overhead.chains import Runner, Taken, bare
from overhead.ours import IMAGE, ours
from overhead.peers import peers, peers_python

from local.images import ImageEnvironments

OVER_BARE_SECONDS = 0.1
START_SECONDS = 1.0
SHORT, LONG = 1, 9

Runs = dict[int, list[Taken]]
"""By the length of the chain."""


@dataclass(frozen=True)
class Cost:
    """What the runs of a runner come to, in seconds."""

    runner: Runner
    runs: Runs

    @property
    def whole(self) -> dict[int, float]:
        """How long the chains take."""
        return {steps: statistics.median(taken.whole for taken in runs) for steps, runs in self.runs.items()}

    @property
    def step(self) -> float:
        """What a step takes that follows another."""
        pairs = zip(self.runs[LONG], self.runs[SHORT], strict=True)
        return statistics.median((long.whole - short.whole) / (LONG - SHORT) for long, short in pairs)

    @property
    def start(self) -> float:
        """How long until the first step's program runs."""
        return statistics.median(taken.first for runs in self.runs.values() for taken in runs)


@dataclass(frozen=True)
class Result:
    """One figure against its goal, in milliseconds: `below` for what has to be beaten and not only reached."""

    name: str
    value: float
    goal: float
    below: bool = False

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value < self.goal if self.below else self.value <= self.goal

    def __str__(self) -> str:
        return f"RESULT {self.name}={self.value:.0f} goal={self.goal:.0f} {'ok' if self.reached else 'short'}"


def main() -> None:
    """Measure, print, judge."""
    options = _options()
    limit = bare(ImageEnvironments().interpreter(IMAGE).python)
    with ours([SHORT, LONG]) as mine:
        others = [] if options.quick else [p for p in peers(peers_python()) if options.only in p.name.lower()]
        costs = measure([limit, mine, *others], rounds=1 if options.quick else options.rounds)
    print_table(costs)
    results = list(judge(costs[0], costs[1], costs[2:]))
    for result in results:
        print(result)
    sys.exit(0 if all(result.reached for result in results) else 1)


def measure(runners: Sequence[Runner], *, rounds: int) -> list[Cost]:
    """Every runner in every round, so that what else the machine does slows all of them; a first round is not kept."""
    runs: list[Runs] = [{SHORT: [], LONG: []} for _ in runners]
    for number in range(rounds + 1):
        sys.stderr.write(f"round {number} of {rounds}\n")
        for runner, kept in zip(runners, runs, strict=True):
            for steps in kept:
                taken = runner.time(steps)
                if number:
                    kept[steps].append(taken)
    return [Cost(runner, kept) for runner, kept in zip(runners, runs, strict=True)]


def judge(limit: Cost, mine: Cost, others: Sequence[Cost]) -> Iterator[Result]:
    """Ours against the goals, and against each peer that gives a step a process of its own."""
    yield Result("step_over_bare_python_ms", 1000 * (mine.step - limit.step), 1000 * OVER_BARE_SECONDS)
    yield Result("start_ms", 1000 * mine.start, 1000 * START_SECONDS)
    for other in others:
        if other.runner.isolates:
            name = "_".join(other.runner.name.lower().replace(",", "").split())
            yield Result(f"step_ms_beside_{name}", 1000 * mine.step, 1000 * other.step, below=True)


def print_table(costs: Sequence[Cost]) -> None:
    """Medians, in milliseconds."""
    print(f"{'milliseconds':<24}{'a step':>8}{'first begins':>14}{f'{SHORT} step':>9}{f'{LONG} steps':>9}")
    for cost in costs:
        figures = (cost.step, cost.start, cost.whole[SHORT], cost.whole[LONG])
        told = [f"{1000 * figure:.0f}" for figure in figures]
        note = "" if cost.runner.isolates else "  (no process a step)"
        print(f"{cost.runner.name:<24}{told[0]:>8}{told[1]:>14}{told[2]:>9}{told[3]:>9}{note}")
    print(flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
