"""Whether the planner's predictions agree with what simulated releases do, and how many good ones are rolled back."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from blast.policies import OURS, Policy
from blast.stepped import Played, play
from blast.world import HORIZON_SECONDS, SEED, SERVING, traffic
from env import chances
from env.power import Detection, Settings, forecast
from local.cloudwatch.evaluations import LAG_SECONDS

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Scenario:
    """A model so many times worse than the usual one, at so many requests per minute."""

    name: str
    requests_per_minute: float
    errors: float = 1.0
    latency: float = 1.0


SCENARIOS = (
    Scenario("errors_x10_at_120_rpm", 120, errors=10),
    Scenario("errors_x10_at_300_rpm", 300, errors=10),
    Scenario("errors_x50_at_120_rpm", 120, errors=50),
    Scenario("latency_x6_at_120_rpm", 120, latency=6),
)


_FIGURES = 3
"""How many figures of each scenario are compared."""
_JOINT = 1 - 0.05 / (_FIGURES * len(SCENARIOS))
"""What each interval must hold, so that all of them together hold 95 % (Bonferroni's inequality)."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Compared:
    """A prediction, and where the simulated releases put it."""

    name: str
    predicted: float
    simulated: float
    alone: Interval
    """The interval of 95 % of this figure: of twenty right predictions, one lies outside of its own by chance."""
    joint: Interval
    """The interval that holds all compared figures together with 95 %."""

    @property
    def agrees(self) -> bool:
        """Whether the prediction lies in the joint interval."""
        return self.joint[0] <= self.predicted <= self.joint[1]

    @property
    def agrees_alone(self) -> bool:
        """Whether it lies in the narrower one of its own."""
        return self.alone[0] <= self.predicted <= self.alone[1]


def compare(scenario: Scenario, *, releases: int, progress: Progress) -> Iterator[Compared]:
    """The planner's figures for a scenario beside those of so many simulated releases."""
    good = traffic(requests_per_minute=scenario.requests_per_minute)
    bad = good.worse(errors=scenario.errors, latency=scenario.latency)
    draw = random.Random(f"{SEED} {scenario.name}")
    played = []
    for number in range(releases):
        played.append(play(OURS, good=good, new=bad, instances=SERVING.instance_count, draw=draw))
        progress(scenario.name, number + 1, releases)
    yield from _figures(scenario, _predicted(scenario), played)


def good_releases(policy: Policy, *, releases: int, progress: Progress) -> int:
    """How many of so many releases of a good model a policy rolls back."""
    draw, usual = random.Random(f"{SEED} good"), traffic()
    rolled_back = 0
    for number in range(releases):
        played = play(policy, good=usual, new=usual, instances=SERVING.instance_count, draw=draw)
        rolled_back += played.rolled_back_after is not None
        progress(f"good releases, {policy.title}", number + 1, releases)
    return rolled_back


def proportion_interval(hits: int, of: int, *, confidence: float) -> Interval:
    """The interval of a chance of which ``hits`` were seen in ``of``: exact, hence a little wider than it had to be.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika
    26, 1934.
    """
    half = (1 - confidence) / 2
    low = _root(lambda chance: chances.at_least(hits, of=of, chance=chance) - half) if hits else 0.0
    high = _root(lambda chance: chances.at_least(hits + 1, of=of, chance=chance) - (1 - half)) if hits < of else 1.0
    return low, high


def mean_interval(values: Sequence[float], *, confidence: float) -> Interval:
    """The interval of a mean, which is about normal for so many values."""
    margin = statistics.NormalDist().inv_cdf((1 + confidence) / 2) * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.fmean(values) - margin, statistics.fmean(values) + margin


def _predicted(scenario: Scenario) -> Detection:
    """The forecast; alarms of the local cloud judge a minute so many seconds after its end."""
    settings = Settings.of(SERVING, observation_seconds=LAG_SECONDS)
    good = traffic(requests_per_minute=scenario.requests_per_minute)
    factor = max(scenario.errors, scenario.latency)
    told = forecast(settings, good, factor=factor, horizon_seconds=HORIZON_SECONDS)
    return told.errors if scenario.errors > 1 else told.latency


def _figures(scenario: Scenario, predicted: Detection, played: Sequence[Played]) -> Iterator[Compared]:
    count = len(played)
    for figure, chance, hits in (
        ("caught_in_canary", predicted.in_first_bake, sum(one.in_first_bake for one in played)),
        ("caught", predicted.in_deployment, sum(one.rolled_back_after is not None for one in played)),
    ):
        alone, joint = (proportion_interval(hits, count, confidence=sure) for sure in (0.95, _JOINT))
        yield Compared(f"{scenario.name}_{figure}", chance, hits / count, alone, joint)
    bad = [one.bad_answers for one in played]
    alone, joint = (mean_interval(bad, confidence=sure) for sure in (0.95, _JOINT))
    yield Compared(f"{scenario.name}_bad_answers", predicted.bad_answers, statistics.fmean(bad), alone, joint)


def _root(function: Callable[[float], float]) -> float:
    """Where an increasing function of a chance is zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return (low + high) / 2
