"""The minutes of a deployment as its alarms see them: how probable it is that each is bad, and that one has rung."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from env import chances, runs
from env.chances import Counts
from env.watching import Settings, Traffic

_SECONDS = 60
_ALIGNMENTS = 12
"""How many alignments of a deployment with the clock's minutes the average is taken over."""

Walk = Sequence[tuple[float, float]]
"""When minutes are judged, in seconds from the first request to the new fleet, and the chance of an alarm by then."""


@dataclass(frozen=True)
class Minute:
    """One of the clock's minutes: when it is judged, and the seconds of it at each share of the traffic."""

    known_at: float
    overlaps: tuple[tuple[float, float], ...]

    def requests(self, traffic: Traffic) -> Counts:
        """How many requests the new fleet gets: those of users, thinned by its share, and the probe's.

        The probe comes at one instant of each minute, which may lie in any part of it.
        """
        per_second = traffic.requests_per_minute / _SECONDS
        if traffic.arrivals == "poisson":
            users = chances.poisson(sum(seconds * share for seconds, share in self.overlaps) * per_second)
        else:
            users = Counts(0, (1.0,))
            for seconds, share in self.overlaps:
                users += chances.binomial(round(seconds * per_second), share)
        if not traffic.probes_per_minute:
            return users
        watched = sum(seconds for seconds, _ in self.overlaps) / _SECONDS
        probes = [(s / _SECONDS, chances.binomial(traffic.probes_per_minute, share)) for s, share in self.overlaps]
        return users + chances.mixture((1 - watched, Counts(0, (1.0,))), *probes)


def caught_by(
    settings: Settings, traffic: Traffic, *, seconds: Sequence[float], alignments: int = _ALIGNMENTS
) -> list[float]:
    """The chance, for each of ``seconds`` since the first request, that the model has been rolled back by then."""
    found = walks(settings, traffic, alignments=alignments)
    return [math.fsum(rung_by(walk, instant) for walk in found) / len(found) for instant in seconds]


def walks(settings: Settings, traffic: Traffic, *, alignments: int = _ALIGNMENTS) -> list[Walk]:
    """A deployment for each of so many alignments with the clock's minutes, all as probable."""
    return [_walk(settings, traffic, offset=(number + 0.5) * _SECONDS / alignments) for number in range(alignments)]


def rung_by(walk: Walk, seconds: float) -> float:
    """The chance that an alarm has rung by then."""
    return max((chance for instant, chance in walk if instant <= seconds), default=0.0)


def bad_by_errors(requests: int, *, settings: Settings, error_rate: float) -> float:
    """The chance that so many requests make a bad minute by their errors, each being one with the same chance.

    Below the floor no minute is bad; above it the errors are binomial, and a minute is bad from the first number of
    them on whose share reaches the threshold, divided as the alarm divides, and which is not below its own floor.
    """
    if requests < max(1, settings.minimum_invocations):
        return 0.0
    hits = math.ceil(settings.error_rate * requests)
    while hits > 0 and (hits - 1) / requests >= settings.error_rate:
        hits -= 1
    while hits / requests < settings.error_rate:
        hits += 1
    return chances.at_least(max(hits, settings.minimum_errors), of=requests, chance=error_rate)


def bad_by_latency(requests: int, *, settings: Settings, late: float) -> float:
    """The chance that so many requests make a bad minute by their latency, each being late with the same chance.

    The 90th percentile reaches the threshold when the answer of rank ``ceil(0.9 n)`` does, that is when at least
    ``n - ceil(0.9 n) + 1`` of n answers are late (David and Nagaraja, "Order Statistics", section 2.1).
    """
    if requests < max(1, settings.minimum_invocations):
        return 0.0
    rank = -(-9 * requests // 10)
    return chances.at_least(requests - rank + 1, of=requests, chance=late)


def _walk(settings: Settings, traffic: Traffic, *, offset: float) -> Walk:
    """A deployment whose first request comes ``offset`` seconds into one of the clock's minutes."""
    minutes = list(_judged(settings, offset=offset))
    late = chances.slower_than(settings.p90_latency_ms, median_ms=traffic.median_latency_ms, sigma=traffic.sigma)
    bad: dict[tuple[tuple[float, float], ...], tuple[float, float]] = {}
    for minute in minutes:
        if minute.overlaps not in bad:
            counts = minute.requests(traffic)
            errors = sum(p * bad_by_errors(n, settings=settings, error_rate=traffic.error_rate) for n, p in counts)
            bad[minute.overlaps] = errors, sum(p * bad_by_latency(n, settings=settings, late=late) for n, p in counts)
    by_errors, by_latency = (_rung([bad[minute.overlaps][kind] for minute in minutes], settings) for kind in (0, 1))
    return [
        (minute.known_at, 1 - (1 - errors) * (1 - latency))
        for minute, errors, latency in zip(minutes, by_errors, by_latency, strict=True)
    ]


def _rung(breaching: Sequence[float], settings: Settings) -> Iterator[float]:
    return runs.rung(breaching, datapoints=settings.datapoints, periods=settings.periods)


def _judged(settings: Settings, *, offset: float) -> Iterator[Minute]:
    """The minutes that are judged within the deployment."""
    for number in itertools.count():
        start, end = number * _SECONDS - offset, (number + 1) * _SECONDS - offset
        if end + settings.observation_seconds > settings.seconds:
            return
        overlaps, begun = [], 0.0
        for phase in settings.phases:
            seconds = min(end, begun + phase.seconds) - max(start, begun)
            if seconds > 0:
                overlaps.append((seconds, phase.share))
            begun += phase.seconds
        yield Minute(end + settings.observation_seconds, tuple(overlaps))
