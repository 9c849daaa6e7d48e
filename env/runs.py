"""When an alarm of M bad minutes in N rings, given how probable each bad minute is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def rung(breaching: Sequence[float], *, datapoints: int, periods: int) -> Iterator[float]:
    """After each minute, the chance that the alarm has rung by then, at least ``datapoints`` of ``periods`` being bad.

    ``breaching`` has each minute's chance to be bad, independently of the others; minutes before the first are good,
    since an alarm that treats missing data as not breaching sees them so (Amazon CloudWatch User Guide, "Configuring
    how CloudWatch alarms treat missing data"). The minutes are walked as a Markov chain whose state is what the last
    ``periods`` - 1 of them were and whose absorbing state is the alarm (Fu and Koutras, "Distribution Theory of Runs: A
    Markov Chain Approach", Journal of the American Statistical Association 89, 1994; for M = N it is the run of Feller,
    "An Introduction to Probability Theory and Its Applications", volume I, XIII.7).
    """
    if not 1 <= datapoints <= periods:
        raise ValueError(f"{datapoints} of {periods} minutes cannot be bad")
    remembered = (1 << (periods - 1)) - 1
    waiting = {0: 1.0}
    for chance in breaching:
        after: dict[int, float] = {}
        for seen, weight in waiting.items():
            good, bad = (seen << 1) & remembered, (seen << 1 | 1) & remembered
            after[good] = after.get(good, 0.0) + weight * (1 - chance)
            if seen.bit_count() + 1 < datapoints:
                after[bad] = after.get(bad, 0.0) + weight * chance
        waiting = after
        yield 1 - sum(waiting.values())
