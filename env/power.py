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
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from env import canary, chances, runs
from env.chances import Counts
from env.stage import Serving

_MINUTE = 60
_ALIGNMENTS = 12
"""How many alignments of a deployment with the clock's minutes the average is taken over."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of a deployment: the share of requests, 0 to 1, that the new fleet takes, and for how long."""

    share: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a deployment is watched."""

    phases: tuple[Phase, ...]
    """What the new fleet goes through while alarms are watched, in order."""
    error_rate: float
    """Share of errors, 0 to 1, at which a minute is bad."""
    p90_latency_ms: float
    """90th percentile of the latency, in milliseconds, at which a minute is bad."""
    periods: int
    """How many minutes an alarm looks at."""
    datapoints: int
    """How many of them must be bad for it to ring."""
    minimum_invocations: int
    """Requests below which a minute is not judged."""
    observation_seconds: float = canary.OBSERVATION_SECONDS
    """How long after its end a minute is judged."""

    @classmethod
    def of(cls, serving: Serving, *, observation_seconds: float = canary.OBSERVATION_SECONDS) -> Self:
        """The settings of a model in a stage.

        A 5xx answer of the model counts for both alarms on errors, so that the tighter of them rings. Raises
        SingleInstanceError when a part of one instance is asked for.
        """
        alarms = serving.alarms
        return cls(
            phases=tuple(_phases(serving)),
            error_rate=min(alarms.model_error_rate, alarms.server_error_rate),
            p90_latency_ms=alarms.p90_latency_ms,
            periods=alarms.periods,
            datapoints=alarms.needed,
            minimum_invocations=alarms.minimum_invocations,
            observation_seconds=observation_seconds,
        )

    @property
    def seconds(self) -> float:
        """How long alarms are watched in all."""
        return sum(phase.seconds for phase in self.phases)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What an endpoint is asked, and how a good model answers."""

    requests_per_minute: float
    """Requests of users to the endpoint."""
    error_rate: float = 0.001
    """Share of a good model's answers, 0 to 1, that are errors."""
    median_latency_ms: float = 50.0
    """The latency that half of a good model's answers keep."""
    sigma: float = 0.5
    """Standard deviation of the latency's natural logarithm."""
    probes_per_minute: int = 0
    """Requests that the probe adds each minute of a bake; they are judged like others and harm nobody."""
    arrivals: Literal["poisson", "even"] = "poisson"
    """Whether requests come at random or in even steps."""

    def worse(self, *, errors: float = 1.0, latency: float = 1.0) -> Self:
        """The same requests to a model with so many times the errors, and so many times the latency."""
        return dataclasses.replace(
            self, error_rate=min(1.0, self.error_rate * errors), median_latency_ms=self.median_latency_ms * latency
        )


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
    whole = _Minute(known_at=0.0, overlaps=((_MINUTE, first.share),))
    return Forecast(
        factor=factor,
        horizon_seconds=horizon_seconds,
        errors=_detection(settings, traffic.worse(errors=factor), horizon_seconds=horizon_seconds),
        latency=_detection(settings, traffic.worse(latency=factor), horizon_seconds=horizon_seconds),
        false_rollback=caught(settings, traffic)[1],
        first_share=first.share,
        judged=sum(chance for number, chance in _counts(whole, traffic) if number >= settings.minimum_invocations),
    )


def caught(settings: Settings, traffic: Traffic, *, alignments: int = _ALIGNMENTS) -> tuple[float, float]:
    """The chance that the model that answers ``traffic`` so is rolled back, in the first bake and at all."""
    walks = [_walk(settings, traffic, offset=offset) for offset in _offsets(alignments)]
    first, whole = settings.phases[0].seconds, settings.seconds
    return _mean(_by(walk, first) for walk in walks), _mean(_by(walk, whole) for walk in walks)


def bad_minute_of_errors(requests: int, *, settings: Settings, error_rate: float) -> float:
    """The chance that so many requests make a bad minute by their errors, each being one with the same chance.

    Below the floor no minute is bad; above it the errors are binomial, and a minute is bad from the first number of
    them on whose share reaches the threshold, divided as the alarm divides.
    """
    if requests < max(1, settings.minimum_invocations):
        return 0.0
    hits = math.ceil(settings.error_rate * requests)
    while hits > 0 and (hits - 1) / requests >= settings.error_rate:
        hits -= 1
    while hits / requests < settings.error_rate:
        hits += 1
    return chances.at_least(hits, of=requests, chance=error_rate)


def bad_minute_of_latency(requests: int, *, settings: Settings, late: float) -> float:
    """The chance that so many requests make a bad minute by their latency, each being late with the same chance.

    The 90th percentile reaches the threshold when the answer of rank ``ceil(0.9 n)`` does, that is when at least
    ``n - ceil(0.9 n) + 1`` of n answers are late (David and Nagaraja, "Order Statistics", section 2.1).
    """
    if requests < max(1, settings.minimum_invocations):
        return 0.0
    rank = -(-9 * requests // 10)
    return chances.at_least(requests - rank + 1, of=requests, chance=late)


@dataclass(frozen=True)
class _Minute:
    """One of the clock's minutes: when it is judged, and the seconds of it at each share of the traffic."""

    known_at: float
    overlaps: tuple[tuple[float, float], ...]


def _phases(serving: Serving) -> Iterator[Phase]:
    deployment, count = serving.deployment, serving.instance_count
    steps = canary.steps(deployment, instance_count=count)
    for active in steps:
        last = active == steps[-1]
        seconds = deployment.final_bake_seconds if last else getattr(deployment, "bake_seconds", 0)
        blue = canary.blue_active(active, green_count=count, blue_count=count)
        yield Phase(share=canary.traffic_share(green_active=active, blue_active=blue), seconds=seconds)


def _detection(settings: Settings, traffic: Traffic, *, horizon_seconds: float) -> Detection:
    walks = [_walk(settings, traffic, offset=offset) for offset in _offsets(_ALIGNMENTS)]
    whole = _mean(_by(walk, settings.seconds) for walk in walks)
    late = chances.slower_than(settings.p90_latency_ms, median_ms=traffic.median_latency_ms, sigma=traffic.sigma)
    bad_per_second = (1 - (1 - traffic.error_rate) * (1 - late)) * traffic.requests_per_minute / _MINUTE
    exposed = _mean(_exposed_seconds(settings, walk, horizon=horizon_seconds) for walk in walks)
    return Detection(
        in_first_bake=_mean(_by(walk, settings.phases[0].seconds) for walk in walks),
        in_deployment=whole,
        seconds_to_catch=_mean(_seconds_weighted(settings, walk) for walk in walks) / whole if whole else None,
        bad_answers=bad_per_second * exposed,
        bad_answers_unguarded=bad_per_second * horizon_seconds,
    )


def _walk(settings: Settings, traffic: Traffic, *, offset: float) -> list[tuple[float, float]]:
    """When minutes are judged, and the chance that an alarm has rung by then; ``offset`` seconds are gone at first."""
    minutes = list(_minutes(settings, offset=offset))
    counts = [_counts(minute, traffic) for minute in minutes]
    late = chances.slower_than(settings.p90_latency_ms, median_ms=traffic.median_latency_ms, sigma=traffic.sigma)
    by_errors = [_over(each, settings, error_rate=traffic.error_rate) for each in counts]
    by_latency = [_over(each, settings, late=late) for each in counts]
    quiet = (
        (1 - errors) * (1 - latency)
        for errors, latency in zip(_rung(by_errors, settings), _rung(by_latency, settings), strict=True)
    )
    return [(minute.known_at, 1 - calm) for minute, calm in zip(minutes, quiet, strict=True)]


def _over(counts: Counts, settings: Settings, *, error_rate: float = 0.0, late: float = 0.0) -> float:
    """The chance of a bad minute of one kind, whatever the number of its requests."""
    if error_rate:
        return sum(p * bad_minute_of_errors(n, settings=settings, error_rate=error_rate) for n, p in counts)
    return sum(p * bad_minute_of_latency(n, settings=settings, late=late) for n, p in counts) if late else 0.0


def _rung(breaching: Sequence[float], settings: Settings) -> Iterator[float]:
    return runs.rung(breaching, datapoints=settings.datapoints, periods=settings.periods)


def _minutes(settings: Settings, *, offset: float) -> Iterator[_Minute]:
    """The minutes that are judged within the deployment, whose first request comes ``offset`` seconds into one."""
    for number in itertools.count():
        start, end = number * _MINUTE - offset, (number + 1) * _MINUTE - offset
        if end + settings.observation_seconds > settings.seconds:
            return
        overlaps, begun = [], 0.0
        for phase in settings.phases:
            seconds = min(end, begun + phase.seconds) - max(start, begun)
            if seconds > 0:
                overlaps.append((seconds, phase.share))
            begun += phase.seconds
        yield _Minute(end + settings.observation_seconds, tuple(overlaps))


def _counts(minute: _Minute, traffic: Traffic) -> Counts:
    """How many requests the new fleet gets in a minute: those of users thinned by its share, and the probe's.

    The probe comes at one instant of each minute, which may lie in any part of it.
    """
    per_second = traffic.requests_per_minute / _MINUTE
    if traffic.arrivals == "poisson":
        users = chances.poisson(sum(seconds * share for seconds, share in minute.overlaps) * per_second)
    else:
        users = Counts(0, (1.0,))
        for seconds, share in minute.overlaps:
            users += chances.binomial(round(seconds * per_second), share)
    if not traffic.probes_per_minute:
        return users
    watched = sum(seconds for seconds, _ in minute.overlaps) / _MINUTE
    probes = [(s / _MINUTE, chances.binomial(traffic.probes_per_minute, share)) for s, share in minute.overlaps]
    return users + chances.mixture((1 - watched, Counts(0, (1.0,))), *probes)


def _exposed_seconds(settings: Settings, walk: Sequence[tuple[float, float]], *, horizon: float) -> float:
    """Expected seconds until the horizon that the bad model answers, each counted by its share of the traffic.

    What is answered at an instant and whether an alarm has rung by then are independent: only minutes that had ended
    before have been judged. So the expectation is the integral of one times the other.
    """
    ends = list(itertools.accumulate(phase.seconds for phase in settings.phases))
    cuts = sorted({0.0, horizon, *(time for time, _ in walk), *ends})
    cuts = [cut for cut in cuts if cut <= horizon]
    total = 0.0
    for start, end in itertools.pairwise(cuts):
        share = next((p.share for p, until in zip(settings.phases, ends, strict=True) if start < until), 1.0)
        total += (end - start) * share * (1 - _by(walk, start))
    return total


def _seconds_weighted(settings: Settings, walk: Sequence[tuple[float, float]]) -> float:
    """The sum of the instants of rolling back, each by its chance."""
    before = itertools.chain((0.0,), (chance for _, chance in walk))
    return sum(
        time * (chance - earlier)
        for (time, chance), earlier in zip(walk, before, strict=False)
        if time <= settings.seconds
    )


def _by(walk: Sequence[tuple[float, float]], seconds: float) -> float:
    """The chance that an alarm has rung by then."""
    return max((chance for time, chance in walk if time <= seconds), default=0.0)


def _offsets(alignments: int) -> list[float]:
    return [(number + 0.5) * _MINUTE / alignments for number in range(alignments)]


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
