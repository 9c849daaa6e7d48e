"""Explainability: what counts for the model now, against what counted when it was made."""

from __future__ import annotations

from monitor.attribution.facts import Attribution, AttributionFacts
from monitor.report.axes import extent
from monitor.report.legend import legend
from monitor.report.markup import Node, element
from monitor.report.plots.tracks import Track, line
from monitor.report.tables import Cell, Column, table
from monitor.report.words import count, number, share

_COLUMNS = (
    Column(title="feature"),
    Column(title="rank", hint="1 counts most: baseline, then this window"),
    Column(title="baseline", number=True, hint="its part of all attributions"),
    Column(title="now", number=True),
    Column(title=""),
)


def attribution(facts: AttributionFacts) -> list[Node]:
    """The section's content."""
    shares = [value for each in facts.features for value in (each.share, each.baseline_share)]
    _, highest = extent([0.0, *shares])
    rows = [_row(each, highest=highest) for each in facts.features]
    lead = (
        f"NDCG {number(facts.ndcg)}, where 1 is the baseline's own order of features; "
        f"{number(facts.minimum_ndcg)} is the least allowed."
    )
    return [
        element("p", lead, class_="said"),
        legend(kind="dots"),
        table(_COLUMNS, rows, name="What counts for the model"),
        element("p", f"By {facts.method}, over {count(facts.rows, 'row')} of the window.", class_="method"),
    ]


def _row(each: Attribution, *, highest: float) -> list[Cell]:
    rank = f"{each.baseline_rank or '–'} → {each.rank}" if each.baseline_rank != each.rank else f"{each.rank}"
    track = Track(now=each.share, was=each.baseline_share)
    told = f"{each.feature}: {share(each.share)} now, {share(each.baseline_share)} in the baseline"
    return [
        Cell(shown=each.feature),
        Cell(shown=rank, sort=each.rank),
        Cell(shown=share(each.baseline_share), sort=each.baseline_share),
        Cell(shown=share(each.share), sort=each.share, style="strong"),
        Cell(shown=line(track, lowest=0.0, highest=highest, told=told), style="drawing"),
    ]
