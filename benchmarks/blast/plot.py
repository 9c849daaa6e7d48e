"""The plot of the page: for each fault the share of requests that each policy harmed, as bars in an SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from blast.policies import POLICIES, Policy
from blast.real import Released

_COLOURS = {"ours": "#0b7a75", "all_at_once": "#8a9099", "sample": "#d98324", "raw_sum": "#6a4c93"}
_WIDTH, _LEFT, _RIGHT = 860, 300, 90
_BAR, _GAP, _GROUP, _TOP = 11, 3, 18, 76
_FONT = "font-family='system-ui, sans-serif'"


def drawn(released: Sequence[Released]) -> str:
    """The SVG; as tall as there are faults."""
    faults = list(dict.fromkeys(one.fault for one in released))
    by = {(one.fault, one.policy): one for one in released}
    height = _TOP + len(faults) * _group_height() + 34
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}' "
        "role='img' aria-label='Share of requests harmed within 30 minutes, by fault and policy'>",
        f"<rect width='{_WIDTH}' height='{height}' fill='#ffffff'/>",
        _text(
            16,
            26,
            "Requests harmed within 30 minutes of a bad release",
            size=17,
            style="font-weight='600' fill='#1d2125'",
        ),
        *_legend(),
        *_axis(height),
    ]
    for number, fault in enumerate(faults):
        top = _TOP + number * _group_height()
        lines.append(_text(_LEFT - 12, top + _group_height() / 2 - 8, fault.title, anchor="end", size=12.5))
        for place, policy in enumerate(POLICIES):
            lines += _bar(by[fault, policy], policy, top=top + place * (_BAR + _GAP))
    return "\n".join([*lines, "</svg>", ""])


def _group_height() -> int:
    return len(POLICIES) * (_BAR + _GAP) + _GROUP


def _legend() -> Iterator[str]:
    left = 16.0
    for policy in POLICIES:
        yield f"<rect x='{left}' y='42' width='12' height='12' rx='2' fill='{_COLOURS[policy.name]}'/>"
        yield _text(left + 18, 52.5, policy.title, size=12.5)
        left += 44 + 6.7 * len(policy.title)


def _axis(height: int) -> Iterator[str]:
    for percent in (0, 25, 50, 75, 100):
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * percent / 100
        yield f"<line x1='{x}' x2='{x}' y1='{_TOP - 8}' y2='{height - 28}' stroke='#e3e6ea'/>"
        yield _text(x, height - 12, f"{percent} %", anchor="middle", size=11.5, style="fill='#5c636b'")


def _bar(one: Released, policy: Policy, *, top: int) -> Iterator[str]:
    length = (_WIDTH - _LEFT - _RIGHT) * one.harmed_share
    yield (
        f"<rect x='{_LEFT}' y='{top}' width='{max(length, 1.5):.1f}' height='{_BAR}' rx='2' "
        f"fill='{_COLOURS[policy.name]}'/>"
    )
    yield _text(_LEFT + length + 6, top + _BAR - 1.5, f"{one.harmed_share:.1%}".replace("%", " %"), size=11)


def _text(x: float, y: float, words: str, *, size: float, anchor: str = "start", style: str = "fill='#1d2125'") -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    return f"<text {place} {_FONT} font-size='{size}' {style}>{escape(words)}</text>"
