"""How much a bad release harms: nine faults under four policies, good releases, the planner's word, the way back.

    .venv/bin/python benchmarks/blast_radius.py [--only faults|good|planner|way-back] [--quick]

Releases models with faults on real processes through the local cloud, under our defaults and under what they are
compared with; plays releases on a stepped clock with the same deployment plan and the same evaluation of alarms; takes
versions back through the whole of the kit. Prints tables, then one line `RESULT name=value goal=value ok|short` a goal;
exits 1 if any is short. A whole run takes about half an hour on two cores and writes what it measured into
docs/blast_radius.md, with its plot. `--quick` releases three faults and fewer models, and writes nothing.

Traffic, noise and latency are the same for all policies; they stand in blast/world.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from blast import agreement, goals, page, real, way_back, world
from blast.faults import CATALOGUE
from blast.policies import ALL_AT_ONCE, OURS, POLICIES

PARTS = ("faults", "good", "planner", "way-back")
_QUICK_FAULTS = ("always", "slow", "nan_refused")
_QUICK_RELEASES = 60


def main() -> None:
    """Measure, print, judge, and write the page after a whole run."""
    options = _options()
    report = Report(quick=options.quick)
    for part in PARTS:
        if options.only in (None, part):
            getattr(report, part.replace("-", "_"))()
    print("\n\n".join(report.sections))
    print()
    for result in report.results:
        print(result)
    if options.only is None and not options.quick:
        page.write(report.sections, report.released)
    sys.exit(0 if all(result.reached for result in report.results) else 1)


class Report:
    """What was measured so far, in sections for people and in results."""

    def __init__(self, *, quick: bool) -> None:
        self._quick = quick
        self.sections: list[str] = []
        self.results: list[goals.Result] = []
        self.released: list[real.Released] = []

    def faults(self) -> None:
        """The catalogue on real processes."""
        faults = [fault for fault in CATALOGUE if not self._quick or fault.name in _QUICK_FAULTS]
        with real.Bench() as bench:
            for number, fault in enumerate(faults, start=1):
                self.released += bench.release(
                    fault,
                    POLICIES,
                    seconds=world.HORIZON_SECONDS,
                    progress=_shown(f"{number}/{len(faults)} {fault.title}"),
                )
        self.sections += ["### Faults", page.faults_table(self.released)]
        self.results += [*goals.of_faults(self.released), *goals.of_bakes(self.released)]

    def good(self) -> None:
        """Releases of a good model, which should all be deployed."""
        releases = _QUICK_RELEASES if self._quick else world.GOOD_RELEASES
        policies = [policy for policy in POLICIES if policy is not ALL_AT_ONCE]
        counts = {p: agreement.good_releases(p, releases=releases, progress=_counted) for p in policies}
        by_title = {policy.title: count for policy, count in counts.items()}
        self.sections += ["### Good releases", page.good_table(by_title, releases=releases)]
        self.results.append(goals.of_good_releases(counts[OURS], releases=releases))

    def planner(self) -> None:
        """Predictions beside simulated releases."""
        releases = _QUICK_RELEASES if self._quick else world.SIMULATED_RELEASES
        compared = [
            one
            for scenario in agreement.SCENARIOS
            for one in agreement.compare(scenario, releases=releases, progress=_counted)
        ]
        self.sections += ["### The planner's word", page.planner_table(compared, releases=releases)]
        self.results += goals.of_planner(compared)

    def way_back(self) -> None:
        """The way back after a release and by hand."""
        ways = list(way_back.measure(lambda words: _say(f"way back: {words}")))
        self.sections += ["### The way back", page.way_back_table(ways)]
        self.results += [goals.of_way_back(way.name, overhead_seconds=way.overhead_seconds) for way in ways]


class _shown:
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
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
