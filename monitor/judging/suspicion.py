"""From what looks wrong to what is said: a finding needs both, to be large and not to be chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.judgement import Violation
from monitor.significance import holm


class Family(StrEnum):
    """Tests that share a part of the false-alarm rate."""

    DRIFT = "drift"
    CONTENTS = "contents"


PARTS: Final = {Family.DRIFT: 0.8, Family.CONTENTS: 0.2}
"""Of the rate. The chances of contents fall by a constant factor with each further row, so they need little of it."""


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """One check of one feature: its test is always counted, whatever came out."""

    feature: str
    check: str
    family: Family
    p_value: float
    """The chance of as much, uncorrected."""
    large: bool
    """Whether it is more than is tolerated."""
    value: float
    threshold: float
    said: str
    """A sentence with the numbers; empty where there is nothing to say."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A suspicion with the chance that remains after all checks of the run are counted."""

    suspicion: Suspicion
    p_value: float

    def is_violation(self, rate: float) -> bool:
        """Whether it is large and, at this rate of false alarms for the whole run, not chance."""
        return self.suspicion.large and self.p_value <= rate


def weigh(suspicions: Sequence[Suspicion]) -> list[Found]:
    """All of them, in order, with corrected chances: those of at most a rate are by chance at most at that rate.

    Holm's correction in each family, each with its part of the rate (together at most one: Bonferroni).
    """
    corrected: dict[int, float] = {}
    for family, part in PARTS.items():
        places = [place for place, each in enumerate(suspicions) if each.family is family]
        values = holm([suspicions[place].p_value for place in places])
        corrected |= {place: min(1.0, value / part) for place, value in zip(places, values, strict=True)}
    return [Found(suspicion=each, p_value=corrected[place]) for place, each in enumerate(suspicions)]


def violations(found: Iterable[Found], rate: float) -> tuple[Violation, ...]:
    """What is to be said of a run."""
    return tuple(_violation(each) for each in found if each.is_violation(rate))


def notes(found: Iterable[Found], rate: float) -> dict[str, tuple[str, ...]]:
    """Feature → what was seen of it and is no violation: too small, or chance could have brought it."""
    seen: dict[str, tuple[str, ...]] = {}
    for each in found:
        if each.suspicion.said and not each.is_violation(rate):
            why = "which chance explains" if each.suspicion.large else "which is tolerated"
            own = (f"{each.suspicion.said}, {why}.",)
            seen[each.suspicion.feature] = seen.get(each.suspicion.feature, ()) + own
    return seen


def _violation(found: Found) -> Violation:
    suspicion = found.suspicion
    return Violation(
        feature=suspicion.feature,
        check=suspicion.check,
        description=f"{suspicion.said}.",
        value=suspicion.value,
        threshold=suspicion.threshold,
        p_value=found.p_value,
    )
