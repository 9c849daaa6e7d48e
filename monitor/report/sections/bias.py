"""Bias: both groups side by side, then each metric of each protected attribute around its neutral value."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.bias.facts import BiasFacts, BiasMeasure, FacetFacts, Group
from monitor.report.axes import extent
from monitor.report.legend import legend
from monitor.report.markup import Node, element
from monitor.report.plots.tracks import Track, line
from monitor.report.tables import Cell, Column, Line, first_judged, table
from monitor.report.words import count, number, p_value, share

_STAGES = {"pre_training": "The labels themselves", "post_training": "The model's answers"}

_GROUPS = (
    Column(title="group"),
    Column(title="rows", number=True),
    Column(title="labelled", number=True),
    Column(title="favourable labels", number=True),
    Column(title="favourable answers", number=True),
    Column(title="true positives", number=True, hint="of those whose label is favourable, the share that is told so"),
    Column(title="false positives", number=True, hint="of those whose label is not, the share that is told it is"),
)
_MEASURES = (
    Column(title="metric"),
    Column(title="now", number=True),
    Column(title="baseline", number=True),
    Column(title="allowed", number=True, hint="largest distance from the neutral value"),
    Column(title=""),
)


def bias(facts: BiasFacts) -> list[Node]:
    """The section's content."""
    favourable = element("p", f"Favourable is {facts.favourable}.", class_="quiet")
    return [legend(kind="dots"), favourable, [_facet(facet) for facet in facts.facets]]


def _facet(facet: FacetFacts) -> list[Node]:
    return [
        element("h3", f"{facet.group.name} beside {facet.others.name}"),
        table(_GROUPS, [_group(facet.group), _group(facet.others)], name=f"Groups of {facet.facet}"),
        [_stage(facet, stage, title) for stage, title in _STAGES.items()],
    ]


def _group(group: Group) -> list[Cell]:
    return [
        Cell(shown=group.name),
        Cell(shown=count(group.rows), sort=group.rows),
        Cell(shown=count(group.labelled), sort=group.labelled),
        *(
            Cell(shown=share(value), sort=value)
            for value in (
                group.favoured_labels,
                group.favoured_answers,
                group.true_positive_rate,
                group.false_positive_rate,
            )
        ),
    ]


def _stage(facet: FacetFacts, stage: str, title: str) -> Element | None:
    measures = [measure for measure in facet.measures if measure.stage == stage]
    if not measures:
        return None
    # Metrics of one kind share a scale, so that distances from the neutral value compare.
    bounds = {
        neutral: _bounds([m for m in measures if m.neutral == neutral]) for neutral in {m.neutral for m in measures}
    }
    lines = [
        Line(cells=_measure(each, bounds[each.neutral]), judged=each.judged, violated=each.violated)
        for each in measures
    ]
    return element("div", element("h4", title), first_judged(_MEASURES, lines, name=f"{title}: {facet.group.name}"))


def _bounds(measures: Sequence[BiasMeasure]) -> tuple[float, float]:
    values = [value for each in measures for value in (each.value, each.baseline, each.low, each.high, each.neutral)]
    limits = [each.neutral + sign * each.limit for each in measures if each.limit is not None for sign in (-1, 1)]
    return extent([*values, *limits])


def _measure(measure: BiasMeasure, bounds: tuple[float, float]) -> list[Cell]:
    limit = measure.limit
    track = Track(
        now=measure.value,
        was=measure.baseline,
        low=measure.low,
        high=measure.high,
        neutral=measure.neutral,
        at_least=None if limit is None else measure.neutral - limit,
        at_most=None if limit is None else measure.neutral + limit,
        bad=measure.violated,
    )
    told = f"{measure.title}: {number(measure.value)} now, {number(measure.baseline)} in the baseline"
    return [
        Cell(shown=[measure.title, element("small", measure.code)]),
        Cell(shown=number(measure.value), sort=measure.value, style="strong"),
        Cell(shown=number(measure.baseline), sort=measure.baseline),
        Cell(shown=_demand(measure)),
        Cell(shown=measure.note or line(track, lowest=bounds[0], highest=bounds[1], told=told), style="drawing"),
    ]


def _demand(measure: BiasMeasure) -> Node:
    if measure.limit is not None:
        return f"± {number(measure.limit)}"
    if not measure.judged:
        return element("span", "not judged", class_="quiet")
    return ["not farther", element("small", p_value(measure.p_value))]
