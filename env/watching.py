"""What a forecast is made from: how a deployment is watched, and what its endpoint sees."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from env import canary
from env.stage import AllAtOnce, Canary, Deployment, Linear, Serving


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
    minimum_errors: int = 1
    """Errors below which it is not bad by them."""
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
            minimum_errors=alarms.minimum_errors,
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


def _phases(serving: Serving) -> Iterator[Phase]:
    deployment, count = serving.deployment, serving.instance_count
    for active in canary.steps(deployment, instance_count=count):
        blue = canary.blue_active(active, green_count=count, blue_count=count)
        yield Phase(
            share=canary.traffic_share(green_active=active, blue_active=blue),
            seconds=_bake_seconds(deployment, last=active == count),
        )


def _bake_seconds(deployment: Deployment, *, last: bool) -> int:
    match deployment:
        case AllAtOnce():
            return deployment.final_bake_seconds
        case Canary():
            return deployment.final_bake_seconds if last else deployment.bake_seconds
        case Linear():  # its last step bakes like the others, and then for the last time
            return deployment.bake_seconds + (deployment.final_bake_seconds if last else 0)
