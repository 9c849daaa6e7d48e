"""How sure one must be when many things are looked at at once."""

from __future__ import annotations

import math
from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given: those that come out at most a rate may be rejected at it."""
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = largest
    return corrected


def above(deviations: float) -> float:
    """The chance of a normally distributed value to lie so many standard deviations above its mean."""
    return math.erfc(deviations / math.sqrt(2)) / 2
