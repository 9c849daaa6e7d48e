"""How many requests an endpoint must get in a minute, so that enough of them reach its new fleet: arithmetic alone."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

CONFIDENCE = 0.999
"""How sure it shall be that the new fleet gets its fewest requests in a minute that is filled up by probes."""


def needed(*, minimum: int, share: float, confidence: float = CONFIDENCE) -> int:
    """The fewest requests of which at least `minimum` reach a fleet with that confidence.

    SageMaker routes each request by chance: of n requests, the number X that reaches a fleet with the share s, 0 to 1,
    of the active capacity is binomial, and the answer is the smallest n with
    P(X ≥ m) = 1 − Σ_{k<m} C(n, k) sᵏ (1−s)ⁿ⁻ᵏ ≥ confidence; that grows with n. (Routing: SageMaker Developer Guide,
    "Blue/Green Deployments"; the share of a fleet is that of its active instances.)
    Raises ValueError when the fleet takes no traffic or the confidence is no probability below 1.
    """
    if not 0 < share <= 1 or not 0 < confidence < 1:
        raise ValueError(f"a share of {share} and a confidence of {confidence} cannot be reached with any traffic")
    most = max(1, minimum)
    while chance(minimum, requests=most, share=share) < confidence:
        most *= 2
    numbers = range(minimum, most + 1)
    return numbers[bisect.bisect_left(numbers, confidence, key=lambda n: chance(minimum, requests=n, share=share))]


def chance(minimum: int, *, requests: int, share: float) -> float:
    """P(X ≥ minimum) for X binomial of `requests` and `share`, summed term by term with the log-gamma function."""
    if minimum <= 0:
        return 1.0
    if requests < minimum:
        return 0.0
    if share >= 1:
        return 1.0
    fewer = math.fsum(math.exp(_log_probability(k, requests, share)) for k in range(minimum))
    return max(0.0, 1.0 - fewer)


def real(*, requests: Sequence[float], probes: Sequence[float]) -> int:
    """What of the last minutes' requests were no probes: the least of the minutes, so that a lull is not overlooked.

    Both have a value a minute, in the same order. A probe may be counted in the minute before its request.
    """
    return int(min((max(0.0, all_ - ours) for all_, ours in zip(requests, probes, strict=True)), default=0.0))


def _log_probability(k: int, n: int, share: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(share) + (n - k) * math.log1p(-share)
