"""What a stage's settings would miss, said before they are deployed."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from env import chances, minutes
from env.errors import Problem
from env.stage import Expected, Serving, Stage
from env.watching import Settings, Traffic

FACTOR = 10.0
"""How many times worse a model is that should be caught."""
POWER = 0.9
"""The chance with which it should be."""
CONFIDENCE = 0.999
"""The chance that counts as certainty when probes are sent."""


def expected_traffic(serving: Serving) -> Traffic:
    """What a model's endpoint sees: what its stage expects, and the probes that fill a minute up.

    Where a stage expects nothing in particular, that is the probe's requests alone, if it has a probe.
    """
    expected = serving.expected or Expected(requests_per_minute=1)
    per_minute = expected.requests_per_minute if serving.expected else 0.0
    return Traffic(
        requests_per_minute=per_minute,
        error_rate=expected.error_rate,
        median_latency_ms=expected.latency_ms,
        sigma=expected.latency_sigma,
        probes_per_minute=max(0, probe_requests(serving) - int(per_minute)) if serving.probe else 0,
    )


def probe_requests(serving: Serving) -> int:
    """The fewest requests in a minute of the first bake of which the new fleet gets the alarms' floor for sure.

    For sure is with the chance CONFIDENCE; ``lambdas/traffic.py`` probes until there are so many.
    """
    return fewest_requests(serving.alarms.minimum_invocations, share=Settings.of(serving).phases[0].share)


def fewest_requests(minimum: int, *, share: float) -> int:
    """The smallest number of requests of which ``minimum`` reach a fleet with a share of the traffic, for sure."""
    most = minimum
    while chances.at_least(minimum, of=most, chance=share) < CONFIDENCE:
        most *= 2
    return bisect.bisect_left(range(most), CONFIDENCE, key=lambda n: chances.at_least(minimum, of=n, chance=share))


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
