"""Curves in a unit square: receiver operating characteristic, precision and recall, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from monitor.report.axes import linear
from monitor.report.markup import element
from monitor.report.words import number

Point = tuple[float, float]

_SIZE = 220.0
_LEFT, _BELOW, _EDGE = 46.0, 34.0, 8.0
_TICKS = (0.0, 0.5, 1.0)

_across = linear(0.0, 1.0, begin=_LEFT, end=_SIZE - _EDGE)
_up = linear(0.0, 1.0, begin=_SIZE - _BELOW, end=_EDGE)


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Two curves in one square."""

    title: str
    across: str
    up: str
    now: Sequence[Point]
    was: Sequence[Point] = ()
    diagonal: bool = False
    """Whether the diagonal is what chance, or perfection, would give."""
    whiskers: Sequence[tuple[float, float]] = ()
    """Where each point of `now` is a thing of its own: the ends of its interval of confidence, upward."""


def square(curves: Curves) -> Element:
    """The curves with their axes and title, as a figure."""
    drawing = element(
        "svg",
        _frame(),
        element("line", x1=_across(0), y1=_up(0), x2=_across(1), y2=_up(1), class_="diagonal")
        if curves.diagonal
        else None,
        _curve(curves.was, name="was"),
        _curve(curves.now, name="now"),
        [_dot(point, ends) for point, ends in zip(curves.now, curves.whiskers, strict=bool(curves.whiskers))],
        element("text", curves.across, x=_across(0.5), y=_SIZE - 4, text_anchor="middle", class_="tick"),
        element(
            "text",
            curves.up,
            transform=f"translate(11 {_up(0.5):.0f}) rotate(-90)",
            text_anchor="middle",
            class_="tick",
        ),
        viewBox=f"0 0 {_SIZE:g} {_SIZE:g}",
        class_="square",
        role="img",
        aria_label=f"{curves.title}: {curves.up} by {curves.across}",
    )
    return element("figure", element("figcaption", curves.title), drawing)


def _frame() -> list[Element]:
    lines = [
        element("path", d=f"M{_across(0):g} {_up(1):g}V{_up(0):g}H{_across(1):g}", class_="frame"),
    ]
    for value in _TICKS:
        lines.append(
            element("text", number(value), x=_across(value), y=_up(0) + 13, text_anchor="middle", class_="tick")
        )
        lines.append(
            element("text", number(value), x=_across(0) - 5, y=_up(value) + 4, text_anchor="end", class_="tick")
        )
    return lines


def _curve(points: Sequence[Point], *, name: str) -> Element | None:
    if not points:
        return None
    walk = "L".join(f"{_across(x):.1f} {_up(y):.1f}" for x, y in points)
    return element("path", d=f"M{walk}", class_=f"curve {name}")


def _dot(point: Point, ends: tuple[float, float]) -> list[Element]:
    x, y = _across(point[0]), _up(point[1])
    return [
        element("line", x1=x, x2=x, y1=_up(ends[0]), y2=_up(ends[1]), class_="interval"),
        element("circle", cx=x, cy=y, r=3.5, class_="now"),
    ]
