"""Holds the bias metrics of a window to limits, or to the baseline where chance does not explain the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from monitor.bias import documents
from monitor.bias.cells import BadBias
from monitor.bias.facts import BiasMeasure, FacetFacts
from monitor.bias.measuring import Measured, distance
from monitor.bias.metrics import COMPARED, NAMES
from monitor.policy import BiasPolicy
from monitor.significance import above, holm

FEWEST_ON_A_SIDE: Final = 20
"""Rows of the smaller side below which a metric is told and not judged."""


@dataclass(frozen=True, kw_only=True)
class Standard:
    """What the metrics of a window are held to."""

    policy: BiasPolicy
    baseline: Mapping[str, Any]
    fewest: int
    """Labelled rows that metrics of labels need; any rows, for the others."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.policy.limits) - set(NAMES))
        if unknown:
            raise BadBias(f"Limit {unknown[0]!r} is no metric of bias; there are {', '.join(NAMES)}.")

    def exists(self, facets: tuple[FacetFacts, ...]) -> bool:
        """Whether there is anything to hold the metrics to."""
        return bool(self.policy.limits) or any(
            each.baseline is not None and each.code in COMPARED for facet in facets for each in facet.measures
        )

    def judged(self, found: list[Measured], *, rate: float) -> tuple[FacetFacts, ...]:
        """The facts of all facets, violated metrics first."""
        facets: list[FacetFacts] = []
        chances: dict[tuple[str, str], float] = {}
        for each in found:
            before = documents.read(self.baseline, facet=each.facet.name, value=each.facet.value)
            facet = facts(each, before)
            if self.policy.limits:
                facet = replace(facet, measures=tuple(self._limited(each, measure) for measure in facet.measures))
            else:
                chances |= {(each.facet.name, code): chance for code, chance in self._chances(each, before).items()}
            facets.append(facet)
        corrected = dict(zip(chances, holm(list(chances.values())), strict=True))
        return tuple(_sorted(_compared(facet, corrected, rate)) for facet in facets)

    def _can_judge(self, found: Measured, code: str) -> bool:
        of_labels = NAMES[code].needs_labels
        rows, fewest = (found.labelled, found.fewest_labelled) if of_labels else (found.rows, found.fewest)
        return rows >= self.fewest and fewest >= FEWEST_ON_A_SIDE and not math.isnan(found.values[code])

    def _limited(self, found: Measured, measure: BiasMeasure) -> BiasMeasure:
        limit = self.policy.limits.get(measure.code)
        if limit is None or measure.value is None:
            return replace(measure, limit=limit)
        if not self._can_judge(found, measure.code):
            return replace(measure, limit=limit, note="Too few rows to judge it.")
        return replace(measure, limit=limit, judged=True, violated=abs(measure.value - measure.neutral) > limit)

    def _chances(self, found: Measured, before: Mapping[str, documents.Before]) -> dict[str, float]:
        """Code → how likely chance alone makes it so much farther from neutral than in the baseline."""
        chances = {}
        for code in COMPARED:
            if code in before and self._can_judge(found, code):
                deviation = found.deviation(code)
                # Clarify's files do not say how sure they are: as sure as this window is.
                both = math.hypot(deviation, before[code].deviation or deviation)
                farther = distance(code, found.smoothed[code]) - distance(code, before[code].value)
                if both > 0:
                    chances[code] = above(farther / both) if farther > 0 else 1.0
        return chances


def facts(found: Measured, before: Mapping[str, documents.Before] | None = None) -> FacetFacts:
    """What was measured of a facet beside its baseline; nothing is judged yet."""
    group, others = found.sides()
    measures = tuple(_measure(found, code, (before or {}).get(code)) for code in NAMES)
    return FacetFacts(facet=found.facet.name, value=found.facet.value, group=group, others=others, measures=measures)


def _measure(found: Measured, code: str, before: documents.Before | None) -> BiasMeasure:
    value, interval = found.values[code], found.interval(code)
    return BiasMeasure(
        code=code,
        title=NAMES[code].title,
        stage=NAMES[code].stage,
        neutral=NAMES[code].neutral,
        value=None if math.isnan(value) else value,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        baseline=before.value if before else None,
        note=_undefined(found, code) if math.isnan(value) else "",
    )


def _undefined(found: Measured, code: str) -> str:
    if code == "FT":
        return found.no_flips
    if code in ("CDDL", "CDDPL") and len(found.counts) < 2:
        return "There is no group variable, or it has one value."
    fewest = found.fewest_labelled if NAMES[code].needs_labels else found.fewest
    return "Undefined by these rows." if fewest else "One side has no rows."


def _compared(facet: FacetFacts, corrected: Mapping[tuple[str, str], float], rate: float) -> FacetFacts:
    measures = []
    for each in facet.measures:
        chance = corrected.get((facet.facet, each.code))
        if chance is not None:
            each = replace(each, judged=True, violated=chance <= rate, p_value=chance)
        measures.append(each)
    return replace(facet, measures=tuple(measures))


def _sorted(facet: FacetFacts) -> FacetFacts:
    ordered = sorted(facet.measures, key=lambda each: (not each.violated, not each.judged))
    return replace(facet, measures=tuple(ordered))
