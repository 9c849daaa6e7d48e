"""The shares of categories, two bars for each: what was, and what is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from monitor.report.markup import element
from monitor.report.words import count, cut, share


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One category, and its share of either side (0 to 1)."""

    name: str
    was: float
    now: float
    unseen: bool = False
    """The baseline does not know it."""


def bars(pairs: Sequence[Pair], *, most: int, told: str) -> Element:
    """The `most` largest categories in the order given, the rest in one row."""
    shown = list(pairs[:most])
    if len(pairs) > most:
        rest = pairs[most:]
        shown.append(
            Pair(name=count(len(rest), "other"), was=sum(pair.was for pair in rest), now=sum(pair.now for pair in rest))
        )
    longest = max((max(pair.was, pair.now) for pair in shown), default=1.0) or 1.0
    return element("div", [_row(pair, longest=longest) for pair in shown], class_="pairs", role="img", aria_label=told)


def _row(pair: Pair, *, longest: float) -> list[Element]:
    return [
        element(
            "span",
            element("b", "new ") if pair.unseen else None,
            cut(pair.name) or "(empty)",
            class_="name",
            title=cut(pair.name, most=200),
        ),
        element("span", _bar(pair.was / longest, "was"), _bar(pair.now / longest, "now"), class_="both"),
        element("span", share(pair.was), " → ", share(pair.now), class_="say"),
    ]


def _bar(length: float, name: str) -> Element:
    return element("i", class_=name, style=f"width:{length * 100:.1f}%")
