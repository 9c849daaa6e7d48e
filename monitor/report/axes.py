"""From values to places on a drawing, and the few values that an axis names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

Scale = Callable[[float], float]
"""A value → where it stands, in the drawing's units."""

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


def linear(lowest: float, highest: float, *, begin: float, end: float) -> Scale:
    """A scale on which `lowest` stands at `begin` and `highest` at `end`; what lies beyond is put on the edge."""
    span = highest - lowest
    if not math.isfinite(span) or span <= 0:
        return lambda _: (begin + end) / 2

    def place(value: float) -> float:
        return begin + (end - begin) * min(1.0, max(0.0, (value - lowest) / span))

    return place


_LEAST: Final = 1e-300
"""Of a span that can be divided into parts."""


def ticks(lowest: float, highest: float, *, about: int = 4) -> list[float]:
    """Round values between two, roughly so many; both ends where they are one value."""
    span = highest - lowest
    if not math.isfinite(span) or span <= max(_LEAST, max(abs(lowest), abs(highest)) * 1e-12):
        return [lowest]
    size = 10 ** math.floor(math.log10(span / about))
    step = next(nice * size for nice in _NICE if nice * size * about >= span * (1 - 1e-9))
    first = math.ceil(lowest / step - 1e-9)
    return [index * step for index in range(first, math.floor(highest / step + 1e-9) + 1)]


def extent(values: Sequence[float | None], *, margin: float = 0.08) -> tuple[float, float]:
    """From the least to the greatest finite value, with a margin on both sides; (0, 1) where there is none."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    lowest, highest = min(known), max(known)
    room = (highest - lowest) * margin or abs(highest) * margin or 1.0
    return lowest - room, highest + room
