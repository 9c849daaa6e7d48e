"""A release on a stepped clock: no process, but the local cloud's own deployment plan, metrics and alarm evaluation."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from blast.policies import VARIANT, Policy
from blast.world import HORIZON_SECONDS
from env import canary
from env.watching import Traffic
from local.cloudwatch.evaluation import ALARM, Rule, evaluate
from local.cloudwatch.evaluations import LAG_SECONDS
from local.cloudwatch.metrics import Metric, Metrics
from local.sagemaker.hosting.plan import Step, plan

_MINUTE = 60
_EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
_ENDPOINT, _OLD, _NEW = "scores", "old", "new"
_UNITS = {"ModelLatency": "Microseconds"}


@dataclass(frozen=True)
class Played:
    """What became of a release: seconds are counted from the first request that its new fleet could get."""

    rolled_back_after: float | None
    in_first_bake: bool
    bad_answers: int


@dataclass(frozen=True)
class _Stretch:
    """A stretch of time in which nothing changes: from and to, in seconds, and the new fleet's share of requests."""

    start: float
    end: float
    share: float
    judged_at_end: bool


def play(policy: Policy, *, good: Traffic, new: Traffic, instances: int, draw: random.Random) -> Played:
    """Release a model that answers like ``new`` in place of one like ``good``, at a random instant of a minute.

    Bad answers are the new fleet's errors and those that take as long as ``late_ms`` of the traffic's alarm or longer.
    """
    alarms = policy.alarms(_ENDPOINT, _NEW)
    rules = {alarm["AlarmName"]: Rule.of(alarm) for alarm in alarms}
    states = dict.fromkeys(rules, "INSUFFICIENT_DATA")
    metrics, offset, bad = Metrics(), draw.uniform(0, _MINUTE), 0
    steps = plan(policy.config(list(rules)), blue={VARIANT: instances}, green={VARIANT: instances})
    watched = sum(step.bake_seconds for step in steps)
    for stretch in _stretches(steps, offset=offset):
        at = _EPOCH + timedelta(seconds=stretch.start + offset)
        seconds = stretch.end - stretch.start
        bad += _serve(metrics, new, _NEW, at, seconds * stretch.share, draw)
        _serve(metrics, good, _OLD, at, seconds * (1 - stretch.share), draw)
        if stretch.judged_at_end and stretch.end <= watched:
            now = _EPOCH + timedelta(seconds=stretch.end + offset)
            for name, rule in rules.items():
                verdict = evaluate(rule, metrics.readings, now=now, state=states[name])
                states[name] = verdict.state if verdict else states[name]
            if ALARM in states.values():
                return Played(stretch.end, stretch.end <= steps[0].bake_seconds, bad)
    return Played(None, False, bad)


def _stretches(steps: tuple[Step, ...], *, offset: float) -> Iterator[_Stretch]:
    """The horizon, cut at the ends of minutes, at the instants when alarms are evaluated, and at the ends of bakes."""
    ends, shares, passed = [], [], 0.0
    for step in steps:
        capacity = step.variants[VARIANT]
        passed += step.bake_seconds
        ends.append(passed)
        shares.append(canary.traffic_share(green_active=capacity.green_active, blue_active=capacity.blue_active))
    whole_minutes = [number * _MINUTE - offset for number in range(1, HORIZON_SECONDS // _MINUTE + 2)]
    evaluations = {minute + LAG_SECONDS for minute in whole_minutes}
    cuts = sorted({0.0, float(HORIZON_SECONDS), *ends, *whole_minutes, *evaluations})
    cuts = [cut for cut in cuts if 0 <= cut <= HORIZON_SECONDS]
    for start, end in itertools.pairwise(cuts):
        share = next((share for share, until in zip(shares, ends, strict=True) if start < until), 1.0)
        yield _Stretch(start, end, share, judged_at_end=end in evaluations)


def _serve(metrics: Metrics, model: Traffic, config: str, at: datetime, seconds: float, draw: random.Random) -> int:
    """Answer what comes in so many seconds; gives how many of the answers were bad."""
    count = _poisson(model.requests_per_minute / _MINUTE * seconds, draw)
    if not count:
        return 0
    errors = [float(draw.random() < model.error_rate) for _ in range(count)]
    scale = math.log(model.median_latency_ms * 1000)
    latencies = [math.exp(draw.gauss(scale, model.sigma)) for _ in range(count)]
    values = {
        "Invocations": [1.0] * count,
        "Invocation4XXErrors": [0.0] * count,
        "Invocation5XXErrors": errors,
        "InvocationModelErrors": errors,
        "ModelLatency": latencies,
    }
    fleet = {"EndpointName": _ENDPOINT, "VariantName": VARIANT}
    for dimensions in (fleet, {**fleet, "EndpointConfigName": config}):
        _record(metrics, values, dimensions, at)
    return sum(error > 0 or late >= 1e6 for error, late in zip(errors, latencies, strict=True))


def _record(metrics: Metrics, values: Mapping[str, list[float]], dimensions: Mapping[str, str], at: datetime) -> None:
    identity = frozenset(dimensions.items())
    for name, numbers in values.items():
        datum: dict[str, Any] = {"Values": numbers, "Unit": _UNITS.get(name, "None")}
        metrics.put(Metric("AWS/SageMaker", name, identity), datum, at=at)


def _poisson(mean: float, draw: random.Random) -> int:
    """How many come, by the waiting times between them."""
    count, passed = 0, draw.expovariate(1.0)
    while passed < mean:
        count += 1
        passed += draw.expovariate(1.0)
    return count
