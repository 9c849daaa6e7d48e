"""How much a bad release harms: nine faults under four policies, good releases, the planner's word, the way back.

    .venv/bin/python benchmarks/blast_radius.py [--only faults|good|planner|way-back] [--quick]

Releases models with faults on real processes through the local cloud, under our defaults and under what they are
compared with; plays releases on a stepped clock with the same deployment plan and the same evaluation of alarms; takes
versions back through the whole of the kit. Prints tables, then one line `RESULT name=value goal=value ok|short` a goal;
exits 1 if any is short. All of it takes about half an hour on two cores; each part writes what it measured into
docs/blast_radius.md, the faults with their plot. `--quick` releases three faults and fewer models, and writes nothing.

Traffic, noise and latency are the same for all policies; they stand in blast/world.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from blast import agreement, goals, page, real, way_back, world
from blast.faults import CATALOGUE
from blast.policies import ALL_AT_ONCE, OURS, POLICIES

_QUICK_FAULTS = ("always", "slow", "nan_refused")
_QUICK_RELEASES = 60


def main() -> None:
    """Measure, print, judge, and write the page after a whole run."""
    options = _options()
    results: list[goals.Result] = []
    for part, measure in PARTS.items():
        if options.only in (None, part):
            table, found = measure(options.quick)
            print(f"{table}\n", flush=True)
            results += found
            if not options.quick:
                page.write(part, table)
    for result in results:
        print(result)
    sys.exit(0 if all(result.reached for result in results) else 1)


Measured = tuple[str, list[goals.Result]]
"""A table for people, and results against their goals."""


def of_faults(quick: bool) -> Measured:
    """The catalogue on real processes."""
    faults = [fault for fault in CATALOGUE if not quick or fault.name in _QUICK_FAULTS]
    released: list[real.Released] = []
    with real.Bench() as bench:
        for number, fault in enumerate(faults, start=1):
            shown = _Shown(f"{number}/{len(faults)} {fault.title}")
            released += bench.release(fault, POLICIES, seconds=world.HORIZON_SECONDS, progress=shown)
    if not quick:
        page.draw(released)
    return page.faults_table(released), [*goals.of_faults(released), *goals.of_bakes(released)]


def of_good_releases(quick: bool) -> Measured:
    """Releases of a good model, which should all be deployed."""
    releases = _QUICK_RELEASES if quick else world.GOOD_RELEASES
    watched = [policy for policy in POLICIES if policy is not ALL_AT_ONCE]
    counts = {p: agreement.good_releases(p, releases=releases, progress=_counted) for p in watched}
    table = page.good_table({policy.title: count for policy, count in counts.items()}, releases=releases)
    return table, [goals.of_good_releases(counts[OURS], releases=releases)]


def of_planner(quick: bool) -> Measured:
    """Predictions beside simulated releases."""
    releases = _QUICK_RELEASES if quick else world.SIMULATED_RELEASES
    compared = [
        one
        for scenario in agreement.SCENARIOS
        for one in agreement.compare(scenario, releases=releases, progress=_counted)
    ]
    return page.planner_table(compared, releases=releases), list(goals.of_planner(compared))


def of_ways_back(_: bool) -> Measured:
    """The way back after a release and by hand."""
    ways = list(way_back.measure(lambda words: _say(f"way back: {words}")))
    results = [goals.of_way_back(way.name, overhead_seconds=way.overhead_seconds) for way in ways]
    return page.way_back_table(ways), results


PARTS: Mapping[str, Callable[[bool], Measured]] = {
    "faults": of_faults,
    "good": of_good_releases,
    "planner": of_planner,
    "way-back": of_ways_back,
}


class _Shown:
    """Shows how far a release is."""

    def __init__(self, words: str) -> None:
        self._words, self._told = words, -1

    def __call__(self, share: float) -> None:
        if (tenth := int(share * 10)) > self._told:
            self._told = tenth
            _say(f"{self._words}: {tenth * 10} %")


def _counted(words: str, done: int, of: int) -> None:
    if done % max(1, of // 5) == 0:
        _say(f"{words}: {done} of {of}")


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
