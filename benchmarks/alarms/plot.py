"""The plot of the page: how often a shift is found, by its size, one line for each pair of sample sizes, as an SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

Curve = Sequence[tuple[float, float]]
"""Shift in standard deviations, share of runs that found it."""

_COLOURS = ("#0b7a75", "#4c8bf5", "#d98324", "#6a4c93", "#8a9099", "#b5475d")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 420, 64, 250, 56, 52
_FONT = "font-family='system-ui, sans-serif'"


def drawn(curves: Mapping[str, Curve]) -> str:
    """The SVG of curves by their titles."""
    furthest = max(shift for curve in curves.values() for shift, _ in curve)
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' width='{_WIDTH}' "
        f"height='{_HEIGHT}' role='img' aria-label='Share of runs that find a shift, by its size'>",
        f"<rect width='{_WIDTH}' height='{_HEIGHT}' fill='#ffffff'/>",
        _text(16, 28, "Runs that find a shift of one in thirty features", size=17, style="font-weight='600'"),
        *_grid(furthest),
    ]
    for number, (title, curve) in enumerate(curves.items()):
        lines += _curve(title, curve, number=number, furthest=furthest)
    return "\n".join([*lines, "</svg>", ""])


def _grid(furthest: float) -> Iterator[str]:
    for percent in (0, 25, 50, 75, 95, 100):
        y = _y(percent / 100)
        dashes = " stroke-dasharray='4 4'" if percent == 95 else ""
        yield f"<line x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y:.1f}' y2='{y:.1f}' stroke='#d5d9de'{dashes}/>"
        nudge = 9 if percent == 95 else 4
        yield _text(_LEFT - 8, y + nudge, f"{percent} %", size=11.5, anchor="end", style="fill='#5c636b'")
    for tenth in range(int(furthest * 10 + 1e-9) + 1):
        yield _text(_x(tenth / 10, furthest), _HEIGHT - 30, f"{tenth / 10:g}", size=11.5, anchor="middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield _text(middle, _HEIGHT - 10, "shift, in standard deviations of the feature", size=12.5, anchor="middle")


def _curve(title: str, curve: Curve, *, number: int, furthest: float) -> Iterator[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    points = " ".join(f"{_x(shift, furthest):.1f},{_y(share):.1f}" for shift, share in curve)
    dashes = " stroke-dasharray='7 4'" if number >= len(_COLOURS) // 2 else ""
    yield f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2.5'{dashes}/>"
    for shift, share in curve:
        yield f"<circle cx='{_x(shift, furthest):.1f}' cy='{_y(share):.1f}' r='3' fill='{colour}'/>"
    top, left = _TOP + 10 + 24 * number, _WIDTH - _RIGHT + 24
    yield f"<line x1='{left}' x2='{left + 24}' y1='{top}' y2='{top}' stroke='{colour}' stroke-width='2.5'{dashes}/>"
    yield _text(left + 32, top + 4, title, size=12.5)


def _x(shift: float, furthest: float) -> float:
    return _LEFT + (_WIDTH - _RIGHT - _LEFT) * shift / furthest


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share


def _text(x: float, y: float, words: str, *, size: float, anchor: str = "start", style: str = "fill='#1d2125'") -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    return f"<text {place} {_FONT} font-size='{size}' {style}>{escape(words)}</text>"
