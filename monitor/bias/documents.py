"""Clarify's analysis.json of bias: what a run finds, and what a baseline is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from monitor.bias.facts import BiasMeasure, FacetFacts, Stage
from monitor.bias.metrics import NAMES
from monitor.files.lenient import entries, mapping, number

STAGES: Final[tuple[Stage, Stage]] = ("pre_training", "post_training")
LABEL: Final = "label"
_ALSO: Final = {"DCA": "DCAcc"}
"""Older codes of metrics in files that Clarify has made."""


@dataclass(frozen=True)
class Before:
    """One metric of a baseline."""

    value: float
    deviation: float | None
    """Its standard deviation, of DI's logarithm; only files of ours have it."""


def analysis(facets: Iterable[FacetFacts], *, favourable: str, deviations: Mapping[str, float]) -> dict[str, Any]:
    """analysis.json ("Bias Analysis Results", SageMaker developer guide).

    ``deviations`` are of the measures, by ``<facet> <code>``; files of Clarify have none.
    """
    found = list(facets)
    return {
        "version": "1.0",
        **{f"{stage}_bias_metrics": _stage(stage, found, favourable, deviations) for stage in STAGES},
    }


def read(document: Mapping[str, Any], *, facet: str, value: str) -> dict[str, Before]:
    """Code → metric of one facet's value out of an analysis.json, ours or Clarify's; empty when it is not in it."""
    found: dict[str, Before] = {}
    for stage in STAGES:
        facets = mapping(mapping(document.get(f"{stage}_bias_metrics")).get("facets"))
        for entry in entries(facets.get(facet)):
            if _same(str(entry.get("value_or_threshold", "")), value):
                found |= dict(_metrics(entry))
    return found


def deviation_key(facet: str, code: str) -> str:
    """The name of a measure's standard deviation."""
    return f"{facet} {code}"


def _stage(stage: Stage, facets: list[FacetFacts], favourable: str, deviations: Mapping[str, float]) -> dict[str, Any]:
    return {
        "label": LABEL,
        "label_value_or_threshold": favourable,
        "facets": {
            each.facet: [
                {
                    "value_or_threshold": each.value,
                    "metrics": [
                        _entry(measure, deviations.get(deviation_key(each.facet, measure.code)))
                        for measure in each.measures
                        if measure.stage == stage
                    ],
                }
            ]
            for each in facets
        },
    }


def _entry(measure: BiasMeasure, deviation: float | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": measure.code, "description": f"{measure.title} ({measure.code})"}
    if measure.value is None or not math.isfinite(measure.value):
        # JSON has no infinity.
        return {**entry, "value": None, "error": measure.note or "The metric is infinite."}
    known = deviation is not None and math.isfinite(deviation)
    return {**entry, "value": measure.value, **({"standard_deviation": deviation} if known else {})}


def _metrics(entry: Mapping[str, Any]) -> Iterable[tuple[str, Before]]:
    for metric in entries(entry.get("metrics")):
        code = _ALSO.get(str(metric.get("name")), str(metric.get("name")))
        value = number(metric.get("value"))
        if code in NAMES and value is not None:
            yield code, Before(value, number(metric.get("standard_deviation")))


def _same(written: str, value: str) -> bool:
    """Whether two texts name one group; of intervals the threshold counts, their end is the largest value seen."""
    return written == value or (value.startswith("(") and written.split(",")[0] == value.split(",")[0])
