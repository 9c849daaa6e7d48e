"""Settings that catch a bad model with a wished-for chance, as near to the present ones as there are any."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Literal

from env import canary, minutes
from env.advice import FACTOR, POWER
from env.stage import AllAtOnce, Serving
from env.watching import Settings, Traffic

Fault = Literal["errors", "latency"]

FALSE_ROLLBACK = 0.001
"""The chance with which a good model may be rolled back."""

_BAKES_SECONDS = (300, 360, 420, 480, 600, 720, 900, 1200, 1500, 1800, 2400, 3000, 3600)
_PERIODS = ((1, 1), (2, 2), (2, 3), (3, 3), (2, 5), (3, 5), (4, 5))
_RATES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.75)
"""Thresholds to try, as parts of the bad model's error rate."""
_LATENCIES = (0.3, 0.5, 0.7, 0.9, 1.1)
"""Thresholds to try, as parts of the latency that half of the bad model's answers keep."""
_ALIGNMENTS = 6
_LONGEST_TIMEOUT_SECONDS = 28_800


def settings_for(
    serving: Serving,
    traffic: Traffic,
    *,
    power: float = POWER,
    factor: float = FACTOR,
    fault: Fault = "errors",
    false_rollback: float = FALSE_ROLLBACK,
) -> Serving | None:
    """Settings that catch ``factor`` times the errors, or latency, in the first bake with the chance ``power``.

    They are the present ones if those do. If not, they roll a good model back no more often than ``false_rollback``,
    and are those with the smallest canary, and of these with the shortest bake, that any threshold, floor and minutes
    of the alarms allow; None when none do. Raises ValueError for chances that are none.
    """
    if not (0 < power < 1 and 0 < false_rollback < 1 and factor > 1):
        raise ValueError("power and false_rollback are chances between 0 and 1, and a factor is more than 1")
    search = _Search(traffic, power=power, factor=factor, fault=fault)
    if search.reached_by(serving) and search.mistakes_of(serving) <= false_rollback:
        return serving
    for sized in _sizes(serving):
        found = [
            (bake, number, _baked(candidate, bake))
            for number, candidate in enumerate(search.alarmed(sized))
            if (bake := search.shortest_bake(candidate)) is not None
        ]
        for _, _, candidate in sorted(found, key=lambda entry: entry[:2]):
            if search.mistakes_of(candidate) <= false_rollback:
                return candidate
    return None


class _Search:
    """What is looked for: the chance to catch a model so much worse, at this traffic."""

    def __init__(self, traffic: Traffic, *, power: float, factor: float, fault: Fault) -> None:
        self._good, self._power, self._fault = traffic, power, fault
        self._bad = traffic.worse(**{fault: factor})

    def reached_by(self, serving: Serving) -> bool:
        """Whether these settings catch the bad model in the first bake."""
        settings = Settings.of(serving)
        return minutes.caught_by(settings, self._bad, seconds=(settings.phases[0].seconds,))[0] >= self._power

    def mistakes_of(self, serving: Serving) -> float:
        """The chance that these settings roll the good model back."""
        settings = Settings.of(serving)
        return minutes.caught_by(settings, self._good, seconds=(settings.seconds,), alignments=_ALIGNMENTS)[0]

    def shortest_bake(self, serving: Serving) -> int | None:
        """Seconds of the shortest bake, not below the present one, in which these alarms catch the bad model."""
        least = max(_bake_seconds(serving), canary.least_bake_seconds(minutes=serving.alarms.needed))
        bakes = [bake for bake in (least, *_BAKES_SECONDS) if bake >= least]
        settings = Settings.of(_baked(serving, bakes[-1]))
        chances = minutes.caught_by(settings, self._bad, seconds=bakes, alignments=_ALIGNMENTS)
        reached = (bake for bake, chance in zip(bakes, chances, strict=True) if chance >= self._power)
        return next(reached, None)

    def alarmed(self, serving: Serving) -> Iterator[Serving]:
        """The present alarms, then others, those of the fewest minutes first."""
        yield serving
        per_minute = self._good.requests_per_minute * Settings.of(serving).phases[0].share
        floors = sorted({serving.alarms.minimum_invocations, *(max(10, int(per_minute * p)) for p in (0.25, 0.5))})
        for (datapoints, periods), threshold, floor in itertools.product(_PERIODS, self._thresholds(serving), floors):
            span = {"periods": periods, "datapoints": datapoints, "minimum_invocations": floor}
            yield serving.model_copy(update={"alarms": serving.alarms.model_copy(update={**threshold, **span})})

    def _thresholds(self, serving: Serving) -> Iterator[dict[str, float]]:
        if self._fault == "latency":
            for part in _LATENCIES:
                yield {"p90_latency_ms": min(60_000, max(1, round(self._bad.median_latency_ms * part)))}
        else:
            for part in _RATES:
                rate = float(f"{self._bad.error_rate * part:.2g}")
                yield {"server_error_rate": rate, "model_error_rate": max(rate, serving.alarms.model_error_rate)}


def _bake_key(serving: Serving) -> str:
    return "final_bake_seconds" if isinstance(serving.deployment, AllAtOnce) else "bake_seconds"


def _bake_seconds(serving: Serving) -> int:
    return int(getattr(serving.deployment, _bake_key(serving)))


def _baked(serving: Serving, seconds: int) -> Serving:
    """The same with another first bake; the others are as long as their alarms need, and the timeout is past them."""
    deployment = serving.deployment.model_copy(update={_bake_key(serving): seconds})
    least = canary.least_bake_seconds(minutes=serving.alarms.needed)
    deployment = deployment.model_copy(update={"final_bake_seconds": max(deployment.final_bake_seconds, least)})
    waits = canary.waits_seconds(serving.model_copy(update={"deployment": deployment}))
    if deployment.timeout_seconds <= waits:  # half as long again, for instances take time to start
        timeout = min(_LONGEST_TIMEOUT_SECONDS, waits + waits // 2)
        deployment = deployment.model_copy(update={"timeout_seconds": timeout})
    return serving.model_copy(update={"deployment": deployment})


def _sizes(serving: Serving) -> Iterator[Serving]:
    """The present canary or step, then those that are an instance more, up to half of the fleet."""
    yield serving
    if isinstance(serving.deployment, AllAtOnce):
        return
    key = "canary_percent" if serving.deployment.policy == "canary" else "step_percent"
    first = canary.steps(serving.deployment, instance_count=serving.instance_count)[0]
    for instances in range(first + 1, serving.instance_count // 2 + 1):
        percent = max(10, math.ceil(100 * instances / serving.instance_count))
        yield serving.model_copy(update={"deployment": serving.deployment.model_copy(update={key: percent})})
