"""Tables whose columns can be sorted by a click, and that read well where nothing can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from monitor.report.markup import Node, element


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a cell shows, and the number that it is sorted by where its text would not do."""

    shown: Node
    sort: float | None = None
    style: str | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's heading; numbers stand to the right."""

    title: str
    number: bool = False
    hint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row about one metric."""

    cells: Sequence[Cell]
    judged: bool
    violated: bool


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, name: str, marked: Sequence[bool] = ()
) -> Element:
    """A table called `name`; rows that are `marked` stand out."""
    marks = marked or [False] * len(rows)
    return element(
        "div",
        element(
            "table",
            element("caption", name),
            element("thead", element("tr", [_heading(column) for column in columns])),
            element("tbody", [_row(row, columns, mark) for row, mark in zip(rows, marks, strict=True)]),
            class_="sortable" if len(rows) > 1 else None,
        ),
        class_="wide",
    )


def first_judged(
    columns: Sequence[Column], lines: Sequence[Line], *, name: str, most_unjudged: int = 4
) -> list[Element]:
    """A table of the lines that the outcome depends on; many others are there when asked for."""
    judged = [line for line in lines if line.judged]
    others = [line for line in lines if not line.judged]
    if not judged or len(others) <= most_unjudged:
        return [_of(columns, [*judged, *others], name=name)]
    rest = _of(columns, others, name=f"{name}, not judged")
    return [
        _of(columns, judged, name=name),
        element("details", element("summary", f"{len(others)} more, which nothing depends on"), rest),
    ]


def _of(columns: Sequence[Column], lines: Sequence[Line], *, name: str) -> Element:
    return table(columns, [line.cells for line in lines], name=name, marked=[line.violated for line in lines])


def _heading(column: Column) -> Element:
    return element("th", column.title, scope="col", class_="number" if column.number else None, title=column.hint)


def _row(row: Sequence[Cell], columns: Sequence[Column], mark: bool) -> Element:
    first, *rest = zip(row, columns, strict=True)
    return element(
        "tr",
        _cell(*first, tag="th", scope="row"),
        [_cell(*each, tag="td", scope=None) for each in rest],
        class_="marked" if mark else None,
    )


def _cell(cell: Cell, column: Column, *, tag: str, scope: str | None) -> Element:
    styles = " ".join(filter(None, ["number" if column.number else None, cell.style]))
    sort = None if cell.sort is None else f"{cell.sort:.6g}"
    return element(tag, cell.shown, scope=scope, class_=styles or None, data_sort=sort)
