"""Two distributions of a number, one upon the other: what was, and what is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

from monitor.report.axes import Scale, linear, ticks
from monitor.report.markup import element
from monitor.report.words import number

_SIDE = 8.0
_ABOVE = 6.0
_BELOW = 18.0


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Two histograms with the same bins."""

    edges: Sequence[float]
    """One more than there are bins, ascending."""
    was: Sequence[float]
    """The share (or count) of the baseline in each bin; what lies beyond the edges is in none. Empty: no such side."""
    now: Sequence[float]
    was_middle: float | None = None
    """The medians, marked on the axis."""
    now_middle: float | None = None


def overlay(shape: Shape, *, width: float, height: float, told: str, kind: str = "") -> Element:
    """Both histograms as densities that begin at zero; `told` says the same to those who cannot see it.

    `kind` takes other colours than those of the baseline and of the window.
    """
    across = linear(shape.edges[0], shape.edges[-1], begin=_SIDE, end=width - _SIDE)
    ground = height - _BELOW
    was, now = _densities(shape.edges, shape.was), _densities(shape.edges, shape.now)
    up = linear(0.0, max([*was, *now, 0.0]), begin=ground, end=_ABOVE)
    return element(
        "svg",
        _steps(shape.edges, was, across=across, up=up, name="was"),
        _steps(shape.edges, now, across=across, up=up, name="now"),
        _axis(shape.edges, across=across, ground=ground, width=width),
        _middle(shape.was_middle, across=across, ground=ground, name="was"),
        _middle(shape.now_middle, across=across, ground=ground, name="now"),
        viewBox=f"0 0 {width:g} {height:g}",
        class_=f"shape {kind}".strip(),
        role="img",
        aria_label=told,
    )


def _densities(edges: Sequence[float], parts: Sequence[float]) -> list[float]:
    """Shares by the width of their bins, so that areas compare; both sides are whole, however many rows they have."""
    whole = sum(parts) or 1.0
    if not parts:
        return []
    return [part / whole / ((right - left) or 1.0) for part, (left, right) in zip(parts, pairwise(edges), strict=True)]


def _steps(edges: Sequence[float], heights: Sequence[float], *, across: Scale, up: Scale, name: str) -> Element | None:
    if not heights:
        return None
    ground = up(0.0)
    walk = [f"M{across(edges[0]):.1f} {ground:.1f}"]
    walk += [f"V{up(height):.1f}H{across(right):.1f}" for height, right in zip(heights, edges[1:], strict=True)]
    return element("path", d="".join([*walk, f"V{ground:.1f}"]), class_=name)


def _axis(edges: Sequence[float], *, across: Scale, ground: float, width: float) -> list[Element]:
    line = element("line", x1=0.0, x2=width, y1=ground, y2=ground, class_="axis")
    values = ticks(edges[0], edges[-1], about=max(3, int(width // 60)))
    return [line, *(_tick(value, across(value), ground=ground, width=width) for value in values)]


def _tick(value: float, at: float, *, ground: float, width: float) -> Element:
    # A name in the middle of its tick would be cut at the edge of the drawing.
    anchor = "start" if at < _SIDE * 2 else "end" if at > width - _SIDE * 2 else "middle"
    return element("text", number(value), x=at, y=ground + 14, text_anchor=anchor, class_="tick")


def _middle(value: float | None, *, across: Scale, ground: float, name: str) -> Element | None:
    if value is None:
        return None
    at = across(value)
    return element("line", x1=at, x2=at, y1=_ABOVE - 4, y2=ground, class_=f"middle {name}")
