"""How fast and how large the local cloud is, beside moto_server of the version it is built on, in the same run.

    .venv/bin/python benchmarks/local_cloud.py [--only rates|start|metrics|demo] [--quick]

Asks both servers over HTTP for the same operations in turns, with requests that boto3 has made and signed; ours
validates them, judges them by the rights of a role and keeps a history of them. Then measures how soon `sluice up`
answers, what 100,000 metric puts leave in memory, and how much memory the demo's cloud takes. Prints a table, then one
line `RESULT name=value goal=value ok|short` a goal; exits 1 if any is short. `--quick` measures a tenth, without the
demo. All of it takes about five minutes on two cores. Linux alone: it reads /proc.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cloud import demo, load, servers

TIMES_MOTOS_RATE = 2.0
START_SECONDS = 1.5
DEMO_MEGABYTES = 400.0
PUTS_GROWTH_MEGABYTES = 40.0
"""What 80,000 more puts may add, after the first 20,000: data points are kept by the minute, not by the put."""

WITH_GOALS = ("DescribeEndpoint", "CreateModelPackage", "PutMetricData")
ROUNDS, ROUND_SECONDS = 5, 2.0
STARTS = 7
PUTS_BEFORE, PUTS_AFTER = 20_000, 80_000


@dataclass(frozen=True)
class Result:
    """One figure against its goal."""

    name: str
    value: float
    goal: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def __str__(self) -> str:
        return f"RESULT {self.name}={self.value:.2f} goal={self.goal:g} {'ok' if self.reached else 'short'}"


def main() -> None:
    """Measure, print, judge."""
    options = _options()
    results = [
        result
        for part, measure in PARTS.items()
        if options.only == part or (options.only is None and not (options.quick and part == "demo"))
        for result in measure(options.quick)
    ]
    for result in results:
        print(result)
    sys.exit(0 if all(result.reached for result in results) else 1)


def of_rates(quick: bool) -> Iterator[Result]:
    """Requests a second, ours beside moto's."""
    rounds, seconds = (2, 0.5) if quick else (ROUNDS, ROUND_SECONDS)
    with servers.ours() as mine, servers.motos() as motos:
        ours, theirs = load.Target(mine), load.Target(motos)
        print(f"{'requests a second':<22}{'ours':>8}{'moto_server':>14}{'times':>8}")
        for operation in load.OPERATIONS:
            both = [(ours.round(operation, seconds), theirs.round(operation, seconds)) for _ in range(rounds)]
            rates = [statistics.median(rate.a_second for rate in each) for each in zip(*both, strict=True)]
            # Each round's own ratio: what else the machine did meanwhile slowed both.
            times = statistics.median(one.a_second / other.a_second for one, other in both)
            print(f"{operation:<22}{rates[0]:>8.0f}{rates[1]:>14.0f}{times:>8.1f}", flush=True)
            if operation in WITH_GOALS:
                yield Result(f"times_moto_{operation}", times, TIMES_MOTOS_RATE, at_least=True)
    print()


def of_start(quick: bool) -> Iterator[Result]:
    """Seconds to the first answer."""
    runs = [servers.start_seconds() for _ in range(2 if quick else STARTS)]
    print("starts in seconds: " + " ".join(f"{run:.2f}" for run in runs) + "\n", flush=True)
    yield Result("start_seconds", statistics.median(runs), START_SECONDS)


def of_metrics(quick: bool) -> Iterator[Result]:
    """Memory over many metric puts."""
    before, after = (PUTS_BEFORE // 10, PUTS_AFTER // 10) if quick else (PUTS_BEFORE, PUTS_AFTER)
    with servers.ours() as mine:
        target = load.Target(mine)
        target.repeat("PutMetricData", before)
        first = mine.memory()
        target.repeat("PutMetricData", after)
        last = mine.memory()
    print(f"memory after {before} puts: {first:.0f} MB, after {before + after}: {last:.0f} MB\n", flush=True)
    yield Result("metric_puts_growth_mb", last - first, PUTS_GROWTH_MEGABYTES)


def of_demo(_: bool) -> Iterator[Result]:
    """The demo's memory."""
    yield Result("demo_peak_mb", demo.peak_megabytes(), DEMO_MEGABYTES)


PARTS: dict[str, Callable[[bool], Iterator[Result]]] = {
    "rates": of_rates,
    "start": of_start,
    "metrics": of_metrics,
    "demo": of_demo,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
