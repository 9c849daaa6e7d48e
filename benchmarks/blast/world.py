"""What every policy is put to: the same traffic, the same noise, the same fleet, for the same half hour."""

from __future__ import annotations

from typing import Final

from env.stage import Canary, Serving
from env.watching import Traffic

HORIZON_SECONDS: Final = 1800
"""How long harm is counted, from the start of a release."""
NOISE: Final = 0.001
"""Share of a good model's answers that are a 5xx, at random."""
MEDIAN_LATENCY_MS: Final = 100.0
SIGMA: Final = 0.4
"""A good model's latency is log-normal: half of its answers keep the median, and nine of ten keep 167 ms."""
REQUESTS_PER_MINUTE: Final = 120
CATEGORY_SHARE: Final = 0.2
"""Share of requests that are of the one category of input."""
FAILING_SHARE: Final = 0.05
LEAKED_REQUESTS: Final = 40
"""Requests after which an instance that leaks memory is killed."""
HANG_SECONDS: Final = 60
"""How long SageMaker waits for an answer."""
LATE_MS: Final = 1000
"""An answer that takes as long harms as an error does: it is the threshold of our alarm."""

GOOD_RELEASES: Final = 200
SIMULATED_RELEASES: Final = 500
SEED: Final = 20

SERVING: Final = Serving(instance_type="ml.m5.large", instance_count=2, deployment=Canary(policy="canary"))
"""Our defaults on the smallest fleet that can be divided, where a canary is half of it: the worst case of them."""


def traffic(*, requests_per_minute: float = REQUESTS_PER_MINUTE) -> Traffic:
    """The traffic and the good model, as the planner is told of them."""
    return Traffic(
        requests_per_minute=requests_per_minute,
        error_rate=NOISE,
        median_latency_ms=MEDIAN_LATENCY_MS,
        sigma=SIGMA,
    )
