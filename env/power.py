"""How well a stage's settings catch a bad model: the arithmetic of ``sluice plan-canary``.

A forecast is exact for this description of the world, and only as good as it:

* Requests arrive at random (Poisson) or evenly, and each is routed to a fleet by chance, by ``canary.traffic_share``.
* Each answer of a model is an error with the same chance, and takes a log-normal time, independently of the others.
* The first minute of a bake is a part of one, for alarms count by the clock's minutes: all alignments are as probable.
* A minute is judged ``observation_seconds`` after its end, and counts if that is within the deployment. 180 seconds,
  the default, is the longest a guard should wait for on AWS; where metrics arrive sooner, more minutes are judged and
  the chance to catch is greater than forecast.
* The alarm on errors and the alarm on latency ring independently of each other. What happens after the deployment,
  when an alarm of the endpoint calls people, is left out.

Where the formulas are from: a canary's share of random requests, Kingman, "Poisson Processes" (``chances.poisson``);
minutes that are bad by errors or by their 90th percentile, David and Nagaraja, "Order Statistics" (``minutes``); M bad
minutes in N, Fu and Koutras, "Distribution Theory of Runs: A Markov Chain Approach", and Feller, "An Introduction to
Probability Theory and Its Applications", XIII.7 (``runs.rung``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from env import chances, minutes
from env.minutes import Minute, Walk
from env.watching import Phase, Settings, Traffic

__all__ = ["Detection", "Forecast", "Phase", "Settings", "Traffic", "forecast"]


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What becomes of the release of a bad model."""

    in_first_bake: float
    """The chance that it is rolled back while only the first part of the traffic reaches it."""
    in_deployment: float
    """The chance that it is rolled back at all."""
    seconds_to_catch: float | None
    """Expected seconds from the first request to the alarm of those that are caught; None when none is."""
    bad_answers: float
    """Expected errors and late answers to users, until it is rolled back or until the horizon."""
    bad_answers_unguarded: float
    """The same when all traffic moves at once and nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What settings make of a bad and of a good model."""

    factor: float
    """How many times worse the bad model is."""
    horizon_seconds: float
    """How long bad answers are counted, from the first request to the new fleet."""
    errors: Detection
    """A model whose error rate is so many times the usual."""
    latency: Detection
    """A model that takes so many times as long."""
    false_rollback: float
    """The chance that a good model is rolled back."""
    first_share: float
    """The share of requests that the new fleet takes in the first bake."""
    judged: float
    """The chance that a whole minute of the first bake has requests enough to be judged."""


def forecast(
    settings: Settings, traffic: Traffic, *, factor: float = 10.0, horizon_seconds: float = 1800.0
) -> Forecast:
    """What becomes of a model ``factor`` times worse in errors, of one in latency, and of a good one.

    A late answer is one that takes as long as the alarm's threshold or longer.
    """
    first = settings.phases[0]
    counts = Minute(0.0, ((60.0, first.share),)).requests(traffic)
    return Forecast(
        factor=factor,
        horizon_seconds=horizon_seconds,
        errors=_detection(settings, traffic.worse(errors=factor), horizon_seconds=horizon_seconds),
        latency=_detection(settings, traffic.worse(latency=factor), horizon_seconds=horizon_seconds),
        false_rollback=minutes.caught_by(settings, traffic, seconds=(settings.seconds,))[0],
        first_share=first.share,
        judged=sum(chance for number, chance in counts if number >= settings.minimum_invocations),
    )


def _detection(settings: Settings, traffic: Traffic, *, horizon_seconds: float) -> Detection:
    walks = minutes.walks(settings, traffic)
    whole = _mean(minutes.rung_by(walk, settings.seconds) for walk in walks)
    late = chances.slower_than(settings.p90_latency_ms, median_ms=traffic.median_latency_ms, sigma=traffic.sigma)
    bad_per_second = (1 - (1 - traffic.error_rate) * (1 - late)) * traffic.requests_per_minute / 60
    return Detection(
        in_first_bake=_mean(minutes.rung_by(walk, settings.phases[0].seconds) for walk in walks),
        in_deployment=whole,
        seconds_to_catch=_mean(_seconds_by_chance(walk) for walk in walks) / whole if whole else None,
        bad_answers=bad_per_second * _mean(_exposed_seconds(settings, walk, horizon=horizon_seconds) for walk in walks),
        bad_answers_unguarded=bad_per_second * horizon_seconds,
    )


def _exposed_seconds(settings: Settings, walk: Walk, *, horizon: float) -> float:
    """Expected seconds until the horizon that the bad model answers, each counted by its share of the traffic.

    What is answered at an instant and whether an alarm has rung by then are independent: only minutes that had ended
    before have been judged. So the expectation is the integral of one times the other.
    """
    ends = list(itertools.accumulate(phase.seconds for phase in settings.phases))
    cuts = sorted(cut for cut in {0.0, horizon, *(instant for instant, _ in walk), *ends} if cut <= horizon)
    total = 0.0
    for start, end in itertools.pairwise(cuts):
        share = next((p.share for p, until in zip(settings.phases, ends, strict=True) if start < until), 1.0)
        total += (end - start) * share * (1 - minutes.rung_by(walk, start))
    return total


def _seconds_by_chance(walk: Walk) -> float:
    """The instants of rolling back, each times its chance."""
    before = itertools.chain((0.0,), (chance for _, chance in walk))
    return sum(instant * (chance - earlier) for (instant, chance), earlier in zip(walk, before, strict=False))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
