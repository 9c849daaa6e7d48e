"""What a stage's settings would miss, said before they are deployed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from env import minutes
from env.errors import Problem
from env.stage import Serving, Stage
from env.watching import Settings, Traffic

FACTOR = 10.0
"""How many times worse a model is that should be caught."""
POWER = 0.9
"""The chance with which it should be."""


def expected_traffic(serving: Serving) -> Traffic:
    """What a model's endpoint sees: what its stage expects, with probes where the floor is not reached otherwise.

    Where a stage expects nothing in particular, that is the probe's requests alone, if it has a probe.
    """
    expected = serving.expected
    probes = probe_requests(serving) if serving.probe else 0
    if expected is None:
        return Traffic(requests_per_minute=0.0, probes_per_minute=probes)
    share = Settings.of(serving).phases[0].share
    enough = expected.requests_per_minute * share >= serving.alarms.minimum_invocations
    return Traffic(
        requests_per_minute=expected.requests_per_minute,
        error_rate=expected.error_rate,
        median_latency_ms=expected.latency_ms,
        sigma=expected.latency_sigma,
        probes_per_minute=0 if enough else probes,
    )


def probe_requests(serving: Serving) -> int:
    """Requests per minute to the endpoint whose canary share is on average a half more than the alarms' floor."""
    share = Settings.of(serving).phases[0].share
    return math.ceil(1.5 * serving.alarms.minimum_invocations / share)


def warnings(stage: Stage) -> list[Problem]:
    """A sentence for each model whose alarms would miss a tenfold error rate in more than one deployment of ten."""
    return [problem for model, parts in stage.models.items() for problem in _warning(stage.name, model, parts.serving)]


def _warning(stage: str, model: str, serving: Serving) -> Iterator[Problem]:
    traffic = expected_traffic(serving)
    worse = traffic.worse(errors=FACTOR)
    settings = Settings.of(serving)
    missed = 1 - minutes.caught_by(settings, worse, seconds=(settings.seconds,))[0]
    if missed <= 1 - POWER:
        return
    seen = f"{traffic.requests_per_minute:g} requests per minute" if serving.expected else "the probe's requests alone"
    yield Problem(
        file=f"env/{stage}.toml",
        where=f"models.{model}.serving.alarms",
        fault=f"would miss {FACTOR:g} times the errors ({worse.error_rate:.3g} in place of {traffic.error_rate:.3g}) "
        f"in {missed:.0%} of deployments with {seen}",
        remedy=f"see what would catch them: sluice plan-canary {model} --stage {stage}"
        + ("" if serving.expected else f", and say in models.{model}.serving.expected what is expected"),
    )
