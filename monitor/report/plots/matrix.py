"""A confusion matrix: what was decided against what was true."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.report.markup import element
from monitor.report.words import count, share


def matrix(counts: Sequence[Sequence[int]], *, told: Sequence[str], truly: Sequence[str], title: str) -> Element:
    """Rows are what was true, columns what was decided; each cell is shaded by its part of its row."""
    body = [_row(name, row, right=index) for index, (name, row) in enumerate(zip(truly, counts, strict=True))]
    head = element("tr", element("td"), [element("th", name, scope="col") for name in told])
    return element(
        "figure",
        element("figcaption", title),
        element("table", element("caption", title), element("thead", head), element("tbody", body), class_="matrix"),
    )


def _row(name: str, row: Sequence[int], *, right: int) -> Element:
    whole = sum(row) or 1
    return element(
        "tr",
        element("th", "truly ", element("b", name), scope="row"),
        [
            element(
                "td",
                element("b", count(value)),
                element("small", share(value / whole)),
                class_="right" if index == right else "wrong",
                style=f"--part:{value / whole:.3f}",
            )
            for index, value in enumerate(row)
        ],
    )
