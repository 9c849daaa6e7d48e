"""How often the monitors of model quality and of bias are wrong: alarms where nothing has changed, harm not found.

    .venv/bin/python benchmarks/monitor_labels.py [--repetitions 200]

A baseline and a window are drawn from one source, again and again: a classifier of one bad loan in four, a regression
with heavy tails, people of two groups who are treated alike, a little or very unlike. Any violation of a run counts as
an alarm, all metrics together. Power: scores get noise, so that the area under the curve falls from 0.79 to 0.70; women
are refused 20 points more often; the goal is for windows of 3,000 rows. Prints tables, then a line ``RESULT name=value
goal=value ok|short`` a goal; exits 1 if any is short. A rate is known to the spread of so many repetitions: it is short
when it lies above its goal by more than three standard deviations. Takes some three minutes on a free core.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor import bias, quality
from monitor.judgement import Judgement
from monitor.policy import BiasPolicy, QualityPolicy

RATE = 0.01
GOAL_POWER = 0.95
POWER_SIZES = ((1000, 1000), (1000, 3000))
SIZES = ((250, 100), (250, 500), (1000, 1000))
"""Rows of the baseline, rows of the window."""

CREDIT = QualityPolicy(
    kind="binary-classification", positive_label="0", decision_threshold=1 / 6, false_negative_cost=5, minimum_labels=50
)
RINGS = QualityPolicy(kind="regression", minimum_labels=50)
SEX = BiasPolicy(facets={"sex": "female"}, favourable_label="1")

Draw = Callable[[np.random.Generator, int], pa.Table]
Judge = Callable[[pa.Table, pa.Table], Judgement]


def loans(random: np.random.Generator, rows: int, *, noise: float = 0.0) -> pa.Table:
    """Loans whose chance of turning out bad the scores tell, the better the less noise."""
    truth = random.normal(-1.6, 1.4, rows)
    bad = random.random(rows) < 1 / (1 + np.exp(-truth))
    told = truth + random.normal(0, 0.5, rows) + noise * random.normal(size=rows)
    return pa.table({"prediction": 1 / (1 + np.exp(-told)), "label": np.where(bad, "0", "1")})


def shells(random: np.random.Generator, rows: int) -> pa.Table:
    """Predictions with errors that are now and then large (Student's t, 4 degrees of freedom)."""
    told = random.normal(10, 3, rows)
    return pa.table({"prediction": told, "label": told + 2 * random.standard_t(4, rows)})


def people(random: np.random.Generator, rows: int, *, women: float, men: float) -> pa.Table:
    """A third are women; they and men are refused at these rates, three of four times rightly."""
    woman = random.random(rows) < 1 / 3
    refused = random.random(rows) < np.where(woman, women, men)
    bad = np.where(random.random(rows) < 0.75, refused, ~refused)
    sex = np.where(woman, "female", "male")
    return pa.table({"sex": sex, "prediction": refused.astype(float), "label": np.where(bad, "0", "1")})


def by_quality(policy: QualityPolicy) -> Judge:
    """Judges model quality of a window by a baseline."""

    def judge(before: pa.Table, window: pa.Table) -> Judgement:
        files = quality.baseline(before, policy=policy)
        return quality.judge(window, policy=policy, baseline=files["statistics.json"], false_alarm_rate=RATE)

    return judge


def by_bias(before: pa.Table, window: pa.Table) -> Judgement:
    """Judges bias of a window by a baseline."""
    files = bias.baseline(before, policy=SEX, quality=CREDIT)
    return bias.judge(window, policy=SEX, quality=CREDIT, baseline=files["analysis.json"], false_alarm_rate=RATE)


def alarm_rate(draw: Draw, drawn: Draw, judge: Judge, *, sizes: tuple[int, int], repetitions: int) -> float:
    """The share of runs with any violation, of windows from ``drawn`` held to baselines from ``draw``."""
    random = np.random.default_rng(20)
    alarms = sum(bool(judge(draw(random, sizes[0]), drawn(random, sizes[1])).violations) for _ in range(repetitions))
    return alarms / repetitions


def power(repetitions: int) -> dict[str, float]:
    """The share of windows of 3,000 rows in which harm is found; prints that of 1,000 rows too."""
    fair, harsher = partial(people, women=0.35, men=0.28), partial(people, women=0.55, men=0.28)
    harm: dict[str, tuple[Draw, Draw, Judge]] = {
        "quality": (loans, partial(loans, noise=1.4), by_quality(CREDIT)),
        "bias": (fair, harsher, by_bias),
    }
    found = {}
    print(f"Harm found in {repetitions} runs (baseline → window)")
    for name, (draw, drawn, judge) in harm.items():
        rates = [alarm_rate(draw, drawn, judge, sizes=sizes, repetitions=repetitions) for sizes in POWER_SIZES]
        shown = "  ".join(f"{a}→{b} {rate:.0%}" for (a, b), rate in zip(POWER_SIZES, rates, strict=True))
        print(f"  {name:24}{shown}", flush=True)
        found[name] = rates[-1]
    return found


def main(repetitions: int) -> int:
    """All tables and results; 1 when a goal is not reached."""
    sources: dict[str, tuple[Draw, Judge]] = {
        "classification": (loans, by_quality(CREDIT)),
        "regression": (shells, by_quality(RINGS)),
        "bias, treated alike": (partial(people, women=0.3, men=0.3), by_bias),
        "bias, a little unlike": (partial(people, women=0.35, men=0.28), by_bias),
        "bias, very unlike": (partial(people, women=0.6, men=0.2), by_bias),
    }
    print(f"False alarms in {repetitions} runs (baseline → window)")
    worst = 0.0
    for name, (draw, judge) in sources.items():
        rates = [alarm_rate(draw, draw, judge, sizes=sizes, repetitions=repetitions) for sizes in SIZES]
        shown = "  ".join(f"{a}→{b} {rate:.2%}" for (a, b), rate in zip(SIZES, rates, strict=True))
        print(f"  {name:24}{shown}", flush=True)
        worst = max(worst, *rates)
    found = power(max(20, repetitions // 4))
    admitted = RATE + 3 * math.sqrt(RATE * (1 - RATE) / repetitions)
    results = [("false_alarms", worst, RATE, worst <= admitted)]
    results += [(f"power_{name}", share, GOAL_POWER, share >= GOAL_POWER) for name, share in found.items()]
    for name, value, goal, reached in results:
        print(f"RESULT {name}={value:.4f} goal={goal} {'ok' if reached else 'short'}")
    return int(not all(reached for *_, reached in results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    sys.exit(main(parser.parse_args().repetitions))
