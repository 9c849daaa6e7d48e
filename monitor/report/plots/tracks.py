"""One number on a line: what it was, what it is now and how sure that is, and the limit that it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from monitor.report.axes import Scale, linear
from monitor.report.markup import element

_WIDTH, _HEIGHT = 280.0, 26.0
_MIDDLE = _HEIGHT / 2
_SIDE = 7.0


@dataclass(frozen=True, kw_only=True)
class Track:
    """The values of one line; None for those there are none of."""

    now: float | None
    was: float | None = None
    low: float | None = None
    """The lower end of the interval of confidence of `now`."""
    high: float | None = None
    neutral: float | None = None
    """The value that means that nothing is the matter, for measures that have one."""
    at_least: float | None = None
    at_most: float | None = None
    bad: bool = False


def line(track: Track, *, lowest: float, highest: float, told: str) -> Element:
    """The track between two values; `told` says the same to those who cannot see it."""
    across = linear(lowest, highest, begin=_SIDE, end=_WIDTH - _SIDE)
    return element(
        "svg",
        element("line", x1=0.0, x2=_WIDTH, y1=_MIDDLE, y2=_MIDDLE, class_="rail"),
        _forbidden(track, across),
        _upright(track.neutral, across, name="neutral"),
        _interval(track, across),
        _from_was_to_now(track, across),
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        class_="track bad" if track.bad else "track",
        role="img",
        aria_label=told,
    )


def _forbidden(track: Track, across: Scale) -> list[Element | None]:
    """The side of the limit on which the value must not be."""
    sides: list[Element | None] = []
    if track.at_least is not None:
        sides += [_area(0.0, across(track.at_least)), _upright(track.at_least, across, name="limit")]
    if track.at_most is not None:
        sides += [_area(across(track.at_most), _WIDTH), _upright(track.at_most, across, name="limit")]
    return sides


def _area(begin: float, end: float) -> Element:
    return element("rect", x=begin, width=max(0.0, end - begin), y=3.0, height=_HEIGHT - 6, class_="forbidden")


def _upright(value: float | None, across: Scale, *, name: str) -> Element | None:
    if value is None:
        return None
    return element("line", x1=across(value), x2=across(value), y1=2.0, y2=_HEIGHT - 2, class_=name)


def _interval(track: Track, across: Scale) -> Element | None:
    if track.low is None or track.high is None:
        return None
    return element("line", x1=across(track.low), x2=across(track.high), y1=_MIDDLE, y2=_MIDDLE, class_="interval")


def _from_was_to_now(track: Track, across: Scale) -> list[Element]:
    drawn: list[Element] = []
    if track.was is not None and track.now is not None and track.low is None:
        drawn.append(
            element("line", x1=across(track.was), x2=across(track.now), y1=_MIDDLE, y2=_MIDDLE, class_="moved")
        )
    if track.was is not None:
        drawn.append(element("circle", cx=across(track.was), cy=_MIDDLE, r=5.0, class_="was"))
    if track.now is not None:
        drawn.append(element("circle", cx=across(track.now), cy=_MIDDLE, r=5.0, class_="now"))
    return drawn
