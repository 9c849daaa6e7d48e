"""Predictions against truth, a dot each, with the line on which they would be perfect."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.report.axes import extent, linear, ticks
from monitor.report.markup import element
from monitor.report.words import number

_SIZE, _LEFT, _BELOW, _EDGE = 240.0, 44.0, 34.0, 8.0


def scatter(across: Sequence[float], up: Sequence[float], *, title: str) -> Element:
    """The dots on axes with the same values."""
    lowest, highest = extent([*across, *up], margin=0.03)
    x = linear(lowest, highest, begin=_LEFT, end=_SIZE - _EDGE)
    y = linear(lowest, highest, begin=_SIZE - _BELOW, end=_EDGE)
    # One path for all dots: a line of no length with a round end is a dot, at a quarter of a circle's text.
    dots = "".join(f"M{x(true):.1f} {y(told):.1f}h0" for true, told in zip(across, up, strict=True))
    names = [
        [
            element("text", number(value), x=x(value), y=_SIZE - _BELOW + 13, text_anchor="middle", class_="tick"),
            element("text", number(value), x=_LEFT - 5, y=y(value) + 4, text_anchor="end", class_="tick"),
        ]
        for value in ticks(lowest, highest)
    ]
    drawing = element(
        "svg",
        element("path", d=f"M{_LEFT:g} {_EDGE:g}V{_SIZE - _BELOW:g}H{_SIZE - _EDGE:g}", class_="frame"),
        names,
        element("line", x1=x(lowest), y1=y(lowest), x2=x(highest), y2=y(highest), class_="diagonal"),
        element("path", d=dots, class_="dots"),
        element("text", "true", x=(_LEFT + _SIZE) / 2, y=_SIZE - 4, text_anchor="middle", class_="tick"),
        element(
            "text",
            "predicted",
            transform=f"translate(10 {_SIZE / 2:g}) rotate(-90)",
            text_anchor="middle",
            class_="tick",
        ),
        viewBox=f"0 0 {_SIZE:g} {_SIZE:g}",
        class_="square",
        role="img",
        aria_label=f"{title}: {len(across)} dots",
    )
    return element("figure", element("figcaption", title), drawing)
