"""How often the monitor of data quality is wrong: alarms on unchanged data, and shifts that it does not find.

    .venv/bin/python benchmarks/monitor_alarms.py [--only alarms|power] [--quick]

False alarms: 1,000 pairs of samples of the kit's two real data sets and 1,000 of thirty features that are made to be
hard (heavy tails, many zeros, missing values, thousands of categories), 200 to 5,000 rows in each, baselines of 750
too; whatever check alarms counts. Power: one of thirty features is shifted. Prints tables, then a line `RESULT
name=value goal=value ok|short` a goal; exits 1 if any is short. A whole run takes some four minutes on two cores and
writes docs/monitor_power.svg and the measured parts of docs/monitor.md; `--quick` plays a tenth and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from alarms import plot, populations, trials  # noqa: E402 (the checkout must be on the path first)

PAGE, PLOT = _ROOT / "docs" / "monitor.md", _ROOT / "docs" / "monitor_power.svg"
_BEGIN, _END = "<!-- measured: {part} (benchmarks/monitor_alarms.py writes this part) -->", "<!-- measured: end -->"

SHIFTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
PAIRS_OF_SIZES = ((5000, 5000), (5000, 1000), (5000, 200), (750, 5000), (750, 1000), (750, 200))
"""Rows of the baseline, rows of the window."""
GOAL_SHIFT, GOAL_ROWS, GOAL_POWER = 0.2, 5000, 0.95


@dataclass(frozen=True)
class Result:
    """One figure, its goal, and whether it is reached."""

    name: str
    value: float
    goal: str
    reached: bool

    def __str__(self) -> str:
        return f"RESULT {self.name}={self.value:.4g} goal={self.goal} {'ok' if self.reached else 'short'}"


def main() -> None:
    """Measure, print, judge, and write the page after a whole run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("alarms", "power"), help="one part alone")
    parser.add_argument("--quick", action="store_true", help="a tenth of all trials; nothing is written")
    options = parser.parse_args()
    share, results = 0.1 if options.quick else 1.0, []
    with ProcessPoolExecutor(2) as pool:
        for part, measure in (("alarms", _measure_alarms), ("power", _measure_power)):
            if options.only in (None, part):
                table, found, picture = measure(pool, share)
                print(f"{table}\n", flush=True)
                results += found
                if not options.quick:
                    write(part, table, picture)
    print(*results, sep="\n")
    sys.exit(0 if all(result.reached for result in results) else 1)


Measured = tuple[str, list[Result], str]
"""A table for people, results against their goals, a plot or nothing."""
Power = Mapping[tuple[int, int], plot.Curve]


def _measure_alarms(pool: ProcessPoolExecutor, share: float) -> Measured:
    pairs = int(50 * share)
    parts: dict[str, list[Future[trials.Alarms]]] = {
        name: [pool.submit(_alarms, name, pairs, seed) for seed in range(many)]
        for name, many in (("credit", 10), ("abalone", 10), ("hard", 20))
    }
    alarms = {name: _summed(part.result() for part in some) for name, some in parts.items()}
    return alarms_table(alarms), of_alarms(alarms), ""


def _measure_power(pool: ProcessPoolExecutor, share: float) -> Measured:
    parts = {
        sizes: [
            (shift, many, pool.submit(_found, shift, sizes, many))
            for shift in SHIFTS
            for many in [int(share * (400 if shift == GOAL_SHIFT and GOAL_ROWS in sizes[1:] else 60))]
        ]
        for sizes in PAIRS_OF_SIZES
    }
    power: Power = {
        sizes: [(shift, part.result() / many) for shift, many, part in curve] for sizes, curve in parts.items()
    }
    picture = plot.drawn({_title(*sizes): curve for sizes, curve in power.items()})
    return power_table(power), [of_power(power)], picture


def _alarms(name: str, pairs: int, seed: int) -> trials.Alarms:
    population = populations.hard() if name == "hard" else populations.real(name)
    return trials.unchanged(population, pairs, seed=seed)


def _found(shift: float, sizes: tuple[int, int], many: int) -> int:
    rows_before, rows = sizes
    return trials.found(
        populations.hard(), shift=shift, rows=rows, rows_before=rows_before, trials=many, seed=int(1000 * shift) + rows
    )


def _summed(parts: Iterable[trials.Alarms]) -> trials.Alarms:
    total = trials.Alarms()
    for part in parts:
        total.pairs += part.pairs
        total.ours += part.ours
        total.tests_alone += part.tests_alone
        total.distance_alone += part.distance_alone
        total.each_at_5_percent += part.each_at_5_percent
        total.checks += part.checks
    return total


def of_alarms(alarms: Mapping[str, trials.Alarms]) -> list[Result]:
    """The rates of false alarms: of the real data sets together, and of the features that are made to be hard."""
    rate = trials.POLICY.data.false_alarm_rate
    groups = {"real_data": ("credit", "abalone"), "hard_features": ("hard",)}
    shares = {
        group: sum(alarms[name].ours for name in names) / sum(alarms[name].pairs for name in names)
        for group, names in groups.items()
    }
    return [Result(f"false_alarms_{group}", share, f"<={rate}", share <= rate) for group, share in shares.items()]


def of_power(power: Power) -> Result:
    """The share of runs that find the shift that must be found, with a baseline as large as the window."""
    found = dict(power[GOAL_ROWS, GOAL_ROWS])[GOAL_SHIFT]
    return Result("power_of_0.2_sd_at_5000_rows", found, f">{GOAL_POWER}", found > GOAL_POWER)


def alarms_table(alarms: Mapping[str, trials.Alarms]) -> str:
    """Pairs of unchanged samples with an alarm, by rule, in Markdown."""
    titles = {"credit": "credit applicants", "abalone": "abalone", "hard": "thirty hard features"}
    rules = ("the monitor", "its tests, no tolerance", "distance over 0.05 alone", "each feature's test at 5 %")
    lines = [f"| samples of | {' | '.join(rules)} |", "|---" * (len(rules) + 1) + "|"]
    for name, title in titles.items():
        one = alarms[name]
        counts = (one.ours, one.tests_alone, one.distance_alone, one.each_at_5_percent)
        shown = (f"{count} of {one.pairs:,} ({100 * count / max(1, one.pairs):.1f} %)" for count in counts)
        lines.append(f"| {title} | {' | '.join(shown)} |")
    which = sum((one.checks for one in alarms.values()), trials.Alarms().checks)
    said = ", ".join(f"{check} {count}" for check, count in sorted(which.items()))
    return "\n".join([*lines, "", f"The monitor's false alarms by check: {said or 'none'}."])


def power_table(power: Power) -> str:
    """The share of runs that find each shift, in Markdown."""
    lines = [f"| shift | {' | '.join(_title(*sizes) for sizes in power)} |", "|---" * (len(power) + 1) + "|"]
    for place, shift in enumerate(SHIFTS):
        cells = (f"{100 * curve[place][1]:.1f} %" for curve in power.values())
        lines.append(f"| {shift:g} sd | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(part: str, table: str, picture: str) -> None:
    """Put what was measured in place of what the page says of this part, and its plot if it has one."""
    if picture:
        PLOT.write_text(picture)
    before, begin, rest = PAGE.read_text().partition(_BEGIN.format(part=part))
    _, end, after = rest.partition(_END)
    if not end:
        raise SystemExit(f"{PAGE} has no part {part!r}.")
    PAGE.write_text(f"{before}{begin}\n{table}\n{end}{after}")


def _title(rows_before: int, rows: int) -> str:
    return f"{rows:,} rows, baseline {rows_before:,}"


if __name__ == "__main__":
    main()
