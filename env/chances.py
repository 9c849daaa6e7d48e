"""The distributions that a forecast is made of, summed term by term: no table, no normal approximation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_NEGLIGIBLE = 1e-16


@dataclass(frozen=True)
class Counts:
    """How probable each number of requests is: ``chances[i]`` is that of ``first + i``; the others have none."""

    first: int
    chances: tuple[float, ...]

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(range(self.first, self.first + len(self.chances)), self.chances, strict=True)

    def __add__(self, other: Counts) -> Counts:
        """The sum of two independent numbers."""
        sums = [0.0] * (len(self.chances) + len(other.chances) - 1)
        for place, chance in enumerate(self.chances):
            for further, another in enumerate(other.chances, place):
                sums[further] += chance * another
        return Counts(self.first + other.first, tuple(sums))

    @property
    def mean(self) -> float:
        """The expected number."""
        return sum(number * chance for number, chance in self)


def mixture(*parts: tuple[float, Counts]) -> Counts:
    """One of several numbers, each with the chance that stands before it."""
    present = [(weight, counts) for weight, counts in parts if weight > 0]
    first = min(counts.first for _, counts in present)
    chances = [0.0] * (max(counts.first + len(counts.chances) for _, counts in present) - first)
    for weight, counts in present:
        for number, chance in counts:
            chances[number - first] += weight * chance
    return Counts(first, tuple(chances))


@lru_cache(maxsize=4096)
def poisson(mean: float) -> Counts:
    """How many arrive when ``mean`` are expected and each comes independently of the others.

    Thinned by chance, such a stream stays one of its kind: what a canary gets of it is Poisson too (Kingman, "Poisson
    Processes", section 5.1, the colouring theorem).
    """
    if mean == 0:
        return Counts(0, (1.0,))
    mode = int(mean)
    peak = math.exp(mode * math.log(mean) - mean - math.lgamma(mode + 1))
    return _around(mode, peak, last=None, ratio=lambda number: mean / (number + 1))


@lru_cache(maxsize=4096)
def binomial(trials: int, chance: float) -> Counts:
    """How many of ``trials`` independent events happen when each has the same ``chance``."""
    if trials == 0 or chance == 0:
        return Counts(0, (1.0,))
    if chance == 1:
        return Counts(trials, (1.0,))
    odds = chance / (1 - chance)
    mode = min(trials, int((trials + 1) * chance))
    peak = math.exp(_log_binomial(mode, trials, chance))
    return _around(mode, peak, last=trials, ratio=lambda number: odds * (trials - number) / (number + 1))


@lru_cache(maxsize=1 << 17)
def at_least(hits: int, *, of: int, chance: float) -> float:
    """The chance that ``hits`` or more of so many independent events happen: the binomial's upper tail.

    The shorter side is summed, so that a small result keeps its digits.
    """
    if hits <= 0:
        return 1.0
    if hits > of or chance == 0:
        return 0.0
    if chance == 1:
        return 1.0
    if hits > of * chance:
        return min(1.0, _tail(hits, of, chance))
    return max(0.0, 1.0 - _tail(of - hits + 1, of, 1 - chance))


def slower_than(milliseconds: float, *, median_ms: float, sigma: float) -> float:
    """The chance that a log-normal latency reaches ``milliseconds``; sigma is that of its natural logarithm.

    Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions", volume 1, chapter 14.
    """
    if sigma == 0:
        return float(median_ms >= milliseconds)
    return 0.5 * math.erfc((math.log(milliseconds) - math.log(median_ms)) / (sigma * math.sqrt(2)))


def _tail(hits: int, of: int, chance: float) -> float:
    """The upper tail from above the mean, where each term is smaller than the one before."""
    odds, term, total = chance / (1 - chance), math.exp(_log_binomial(hits, of, chance)), 0.0
    for number in range(hits, of + 1):
        total += term
        term *= odds * (of - number) / (number + 1)
        if term <= total * _NEGLIGIBLE:
            break
    return total


def _log_binomial(hits: int, of: int, chance: float) -> float:
    ways = math.lgamma(of + 1) - math.lgamma(hits + 1) - math.lgamma(of - hits + 1)
    return ways + hits * math.log(chance) + (of - hits) * math.log1p(-chance)


def _around(mode: int, peak: float, *, last: int | None, ratio: Callable[[int], float]) -> Counts:
    """Every term that is not negligible, from the greatest outwards; ``ratio(n)`` leads from term n to n + 1."""
    below, above = [], []
    number, term = mode, peak
    while number > 0 and term > peak * _NEGLIGIBLE:
        number -= 1
        term /= ratio(number)
        below.append(term)
    number, term = mode, peak
    while term > peak * _NEGLIGIBLE and number != last:
        term *= ratio(number)
        number += 1
        above.append(term)
    return Counts(mode - len(below), (*reversed(below), peak, *above))
