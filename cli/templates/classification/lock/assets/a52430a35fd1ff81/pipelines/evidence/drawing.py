"""A chart as SVG: a frame with a title, axes with round numbers, and marks given in the units of the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

INK, MUTED, GRID, PAPER = "#1f2733", "#667085", "#e6e9ee", "#ffffff"
BLUE, ORANGE = "#2563eb", "#e8590c"
WIDTH, HEIGHT = 480, 440
LEFT, RIGHT, TOP, BOTTOM = 68, 28, 78, 60
_FONT = "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\""
_MARGIN = 0.04
_LONGEST = 10
"""How many characters stand beside a drawing."""
_MIDDLE, _END, _BOLD = ' text-anchor="middle"', ' text-anchor="end"', ' font-weight="600"'


@dataclass(frozen=True)
class Axis:
    """From the lowest to the highest value that a side of the chart shows, with the round numbers between."""

    low: float
    high: float
    title: str
    ticks: Sequence[float]

    @classmethod
    def share(cls, title: str) -> Axis:
        """From 0 to 1."""
        return cls(0, 1, title, [0, 0.2, 0.4, 0.6, 0.8, 1])

    @classmethod
    def around(cls, values: Iterable[float], title: str) -> Axis:
        """Room for these values and a little more, with round numbers within."""
        found = [float(value) for value in values]
        span = (max(found) - min(found)) or max(abs(found[0]), 1.0)
        low, high = min(found) - _MARGIN * span, max(found) + _MARGIN * span
        step = _round_step(high - low)
        numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
        return cls(low, high, title, [number * step for number in numbers])

    def label(self, tick: float) -> str:
        """A tick as text, with the digits that its neighbours need; as 1.5e+09 where they would not fit."""
        step = abs(self.ticks[1] - self.ticks[0])
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        fits = max(len(f"{each:,.{digits}f}") for each in self.ticks) <= _LONGEST
        return (f"{tick:,.{digits}f}" if fits else f"{tick:.4g}").replace("-", "\N{MINUS SIGN}")


class Chart:
    """A drawing under way; later marks lie above earlier ones."""

    def __init__(self, title: str, subtitle: str, *, x: Axis, y: Axis) -> None:
        self._x, self._y = x, y
        self._parts = [*_frame(title, subtitle), *self._grid()]

    def line(self, points: Iterable[tuple[float, float]], *, color: str = BLUE, width: float = 2.5) -> None:
        """A line through these points."""
        shape = self._path(points)
        self._add(f'<path d="{shape}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round"/>')

    def dashes(self, points: Iterable[tuple[float, float]]) -> None:
        """A thin dashed line to compare with."""
        self._add(f'<path d="{self._path(points)}" fill="none" stroke="{MUTED}" stroke-dasharray="4 4"/>')

    def area(self, points: Iterable[tuple[float, float]], *, color: str = BLUE, opacity: float = 0.1) -> None:
        """A tinted area bounded by these points."""
        self._add(f'<path d="{self._path(points)}Z" fill="{color}" fill-opacity="{opacity}"/>')

    def dots(
        self, points: Iterable[tuple[float, float]], *, radius: float = 2.5, color: str = BLUE, opacity: float = 0.35
    ) -> None:
        """A dot at each point; where they crowd, they darken."""
        dots = "".join(f'<circle cx="{self._left(x)}" cy="{self._top(y)}" r="{radius}"/>' for x, y in points)
        self._add(f'<g fill="{color}" fill-opacity="{opacity}">{dots}</g>')

    def bar(self, x: float, low: float, high: float, *, color: str = BLUE) -> None:
        """An error bar: upright, with a cap at either end."""
        at, top, bottom = (float(each) for each in (self._left(x), self._top(high), self._top(low)))
        shape = f"M{at} {top}V{bottom}M{at - 4} {top}h8M{at - 4} {bottom}h8"
        self._add(f'<path d="{shape}" stroke="{color}" stroke-width="1.5" stroke-opacity="0.55" fill="none"/>')

    def note(self, x: float, y: float, words: str, *, color: str = MUTED, anchor: str = "start") -> None:
        """Small words at a point, on a halo of paper so that marks do not cross them."""
        more = f' text-anchor="{anchor}"'
        halo = f'{more} stroke="{PAPER}" stroke-width="4" stroke-linejoin="round"'
        at, top = self._left(x), float(self._top(y))
        self._parts += [_text(at, top, words, size=12, color=PAPER, more=halo)]
        self._parts += [_text(at, top, words, size=12, color=color, more=more)]

    def svg(self) -> str:
        """The picture."""
        return closed(self._parts)

    def _grid(self) -> Iterable[str]:
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for tick in self._x.ticks:
            at = self._left(tick)
            yield f'<path d="M{at} {TOP}V{bottom}" stroke="{GRID}"/>'
            yield _text(at, bottom + 18, self._x.label(tick), size=11, color=MUTED, more=_MIDDLE)
        for tick in self._y.ticks:
            at = self._top(tick)
            yield f'<path d="M{LEFT} {at}H{right}" stroke="{GRID}"/>'
            yield _text(LEFT - 9, float(at) + 4, self._y.label(tick), size=11, color=MUTED, more=_END)
        middle = (TOP + bottom) / 2
        yield _text((LEFT + right) / 2, HEIGHT - 18, self._x.title, size=12, color=INK, more=_MIDDLE)
        turned = f' transform="rotate(-90 20 {middle})"'
        yield _text(20, middle, self._y.title, size=12, color=INK, more=_MIDDLE + turned)

    def _path(self, points: Iterable[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{self._left(x)} {self._top(y)}" for x, y in points)

    def _left(self, x: float) -> str:
        share = (x - self._x.low) / (self._x.high - self._x.low)
        return f"{LEFT + share * (WIDTH - LEFT - RIGHT):.1f}"

    def _top(self, y: float) -> str:
        share = (y - self._y.low) / (self._y.high - self._y.low)
        return f"{HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM):.1f}"

    def _add(self, part: str) -> None:
        self._parts.append(part)


class Tiles:
    """A drawing of squares with words in them, row by row."""

    def __init__(self, title: str, subtitle: str, *, columns: Sequence[str], rows: Sequence[str]) -> None:
        self._columns, self._rows = columns, rows
        self._parts = _frame(title, subtitle)
        self._left, self._top = 104.0, TOP + 26.0
        self._wide = (WIDTH - RIGHT - self._left) / len(columns)
        self._high = (HEIGHT - 30 - self._top) / len(rows)
        for number, name in enumerate(columns):
            at = self._left + (number + 0.5) * self._wide
            self._parts.append(_text(at, self._top - 10, _cut(name, 2 * _LONGEST), size=12, color=INK, more=_MIDDLE))
        for number, name in enumerate(rows):
            at = self._top + (number + 0.5) * self._high
            self._parts.append(_text(self._left - 12, at + 4, _cut(name, _LONGEST + 4), size=12, color=INK, more=_END))

    def tile(self, row: int, column: int, *, big: str, small: str, color: str, strength: float) -> None:
        """One square, the more tinted the closer ``strength`` is to 1, with two lines of words."""
        x, y = self._left + column * self._wide + 3, self._top + row * self._high + 3
        place = f'x="{x:.1f}" y="{y:.1f}" width="{self._wide - 6:.1f}" height="{self._high - 6:.1f}" rx="10"'
        tint = 0.06 + 0.84 * min(max(strength, 0.0), 1.0)
        ink, soft = (PAPER, PAPER) if tint > 0.64 else (INK, MUTED)
        middle = (x + self._wide / 2 - 3, y + self._high / 2)
        self._parts += [
            f'<rect {place} fill="{color}" fill-opacity="{tint:.2f}"/>',
            _text(middle[0], middle[1], big, size=28, color=ink, more=_MIDDLE + _BOLD),
            _text(middle[0], middle[1] + 22, small, size=12, color=soft, more=_MIDDLE),
        ]

    def svg(self) -> str:
        """The picture."""
        return closed(self._parts)


def closed(parts: Sequence[str]) -> str:
    """The document around the parts of a drawing."""
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {_FONT}>', *parts, "</svg>\n"])


def _frame(title: str, subtitle: str) -> list[str]:
    return [
        f"<title>{escape(title)}: {escape(subtitle)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{PAPER}"/>',
        _text(24, 34, title, size=17, color=INK, more=_BOLD),
        _text(24, 55, subtitle, size=12.5, color=MUTED),
    ]


def _text(x: float | str, y: float, words: str, *, size: float, color: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{color}"{more}>{escape(words)}</text>'


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _round_step(span: float) -> float:
    """An eighth of ``span`` or a little more, as 1, 2 or 5 times a power of ten."""
    rough = span / 8
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if rough <= step * power * (1 + 1e-9))
