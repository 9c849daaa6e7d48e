"""What could not be read, why, and a few examples: nothing is left out in silence."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from monitor.report.markup import element
from monitor.report.run import Run
from monitor.report.tables import Cell, Column, table
from monitor.report.words import count, share


def skipped(run: Run) -> Element | None:
    """The records left out, by reason; None where there were none."""
    out = {reason: number for reason, number in run.skipped.items() if number}
    if not out:
        return None
    whole = sum(out.values()) + run.rows
    rows = [
        [Cell(shown=reason), Cell(shown=count(number), sort=number), Cell(shown=share(number / whole), sort=number)]
        for reason, number in sorted(out.items(), key=lambda each: -each[1])
    ]
    columns = [Column(title="why"), Column(title="records", number=True), Column(title="of all", number=True)]
    return element(
        "section",
        element("h2", "Left out"),
        element("p", f"{count(sum(out.values()), 'record')} of the window went into no judgement.", class_="lead"),
        table(columns, rows, name="Records left out, by reason"),
        [_examples(reason, run) for reason in out],
        id="left-out",
    )


def _examples(reason: str, run: Run) -> Element | None:
    lines = run.examples.get(reason, ())
    if not lines:
        return None
    return element(
        "details",
        element("summary", f"Examples: {reason}"),
        element("ul", [element("li", element("code", line)) for line in lines]),
    )
