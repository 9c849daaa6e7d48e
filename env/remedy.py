"""Settings that catch a bad model with a wished-for chance, as near to the present ones as there are any."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from env import canary, minutes
from env.advice import FACTOR, POWER
from env.stage import Alarms, AllAtOnce, Serving
from env.watching import Settings, Traffic

FALSE_ROLLBACK = 0.001
"""The chance with which a good model may be rolled back."""

_BAKES_SECONDS = (300, 360, 420, 480, 600, 720, 900, 1200, 1500, 1800, 2400, 3000, 3600)
_PERIODS = ((1, 1), (2, 2), (2, 3), (3, 3), (2, 5), (3, 5), (4, 5))
_RATES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.75)
"""Thresholds to try, as parts of the bad model's error rate."""
_ALIGNMENTS = 6
_LONGEST_TIMEOUT_SECONDS = 28_800


def settings_for(
    serving: Serving,
    traffic: Traffic,
    *,
    power: float = POWER,
    factor: float = FACTOR,
    false_rollback: float = FALSE_ROLLBACK,
    observation_seconds: float = canary.OBSERVATION_SECONDS,
) -> Serving | None:
    """Settings that catch ``factor`` times the errors in the first bake with the chance ``power``; None if none do.

    They are the present ones if those do. If not, they roll a good model back no more often than ``false_rollback``,
    and are those with the smallest canary, and of these with the shortest bake, that any threshold, floor and minutes
    of the alarms allow. Raises ValueError for chances that are none.
    """
    if not (0 < power < 1 and 0 < false_rollback < 1 and factor > 1):
        raise ValueError("power and false_rollback are chances between 0 and 1, and a factor is more than 1")
    search = _Search(traffic, power=power, factor=factor, observation_seconds=observation_seconds)
    if search.reached_by(serving) and search.mistakes_of(serving) <= false_rollback:
        return serving
    for sized in _sizes(serving):
        found = [
            (bake, number, _baked(candidate, bake))
            for number, candidate in enumerate(_alarmed(sized, traffic, factor=factor))
            if (bake := search.shortest_bake(candidate)) is not None
        ]
        for _, _, candidate in sorted(found, key=lambda entry: entry[:2]):
            if search.mistakes_of(candidate) <= false_rollback:
                return candidate
    return None


class _Search:
    """What is looked for: the chance to catch a model so much worse, at this traffic."""

    def __init__(self, traffic: Traffic, *, power: float, factor: float, observation_seconds: float) -> None:
        self._good, self._bad = traffic, traffic.worse(errors=factor)
        self._power, self._observation_seconds = power, observation_seconds

    def reached_by(self, serving: Serving) -> bool:
        """Whether these settings catch the bad model in the first bake."""
        settings = self._settings(serving)
        return minutes.caught_by(settings, self._bad, seconds=(settings.phases[0].seconds,))[0] >= self._power

    def mistakes_of(self, serving: Serving) -> float:
        """The chance that these settings roll the good model back."""
        settings = self._settings(serving)
        return minutes.caught_by(settings, self._good, seconds=(settings.seconds,), alignments=_ALIGNMENTS)[0]

    def shortest_bake(self, serving: Serving) -> int | None:
        """Seconds of the shortest bake, not below the present one, in which these alarms catch the bad model."""
        least = max(_bake_seconds(serving), canary.least_bake_seconds(minutes=serving.alarms.needed))
        bakes = [bake for bake in (least, *_BAKES_SECONDS) if bake >= least]
        settings = self._settings(_baked(serving, bakes[-1]))
        chances = minutes.caught_by(settings, self._bad, seconds=bakes, alignments=_ALIGNMENTS)
        reached = (bake for bake, chance in zip(bakes, chances, strict=True) if chance >= self._power)
        return next(reached, None)

    def _settings(self, serving: Serving) -> Settings:
        return Settings.of(serving, observation_seconds=self._observation_seconds)


def _bake_key(serving: Serving) -> str:
    return "final_bake_seconds" if isinstance(serving.deployment, AllAtOnce) else "bake_seconds"


def _bake_seconds(serving: Serving) -> int:
    return int(getattr(serving.deployment, _bake_key(serving)))


def _baked(serving: Serving, seconds: int) -> Serving:
    """The same with another first bake; the others are as long as their alarms need, and the timeout is past them."""
    deployment = serving.deployment.model_copy(update={_bake_key(serving): seconds})
    least = canary.least_bake_seconds(minutes=serving.alarms.needed)
    deployment = deployment.model_copy(update={"final_bake_seconds": max(deployment.final_bake_seconds, least)})
    waits = canary.waits_seconds(deployment)
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


def _alarmed(serving: Serving, traffic: Traffic, *, factor: float) -> Iterator[Serving]:
    """The present alarms, then others, those of the fewest minutes first."""
    yield serving
    alarms = serving.alarms
    per_minute = traffic.requests_per_minute * Settings.of(serving).phases[0].share
    floors = sorted({alarms.minimum_invocations, *(max(10, int(per_minute * part)) for part in (0.25, 0.5))})
    bad = traffic.worse(errors=factor).error_rate
    for (datapoints, periods), part, floor in itertools.product(_PERIODS, _RATES, floors):
        yield serving.model_copy(update={"alarms": _changed(alarms, datapoints, periods, bad * part, floor)})


def _changed(alarms: Alarms, datapoints: int, periods: int, rate: float, floor: int) -> Alarms:
    rounded = float(f"{rate:.2g}")
    return alarms.model_copy(
        update={
            "server_error_rate": rounded,
            "model_error_rate": max(rounded, alarms.model_error_rate),
            "periods": periods,
            "datapoints": datapoints,
            "minimum_invocations": floor,
        }
    )
