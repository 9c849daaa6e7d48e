"""What the two colours of the drawings mean."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from monitor.report.markup import element


def legend(was: str = "baseline", now: str = "this window", *, kind: str = "", middle: bool = False) -> Element:
    """The names of the two sides; `kind`: ``dots`` for drawings of dots, ``other`` for other colours.

    `middle` names the lines of the medians as well.
    """
    return element(
        "p",
        element("span", element("i", class_="was"), was),
        element("span", element("i", class_="now"), now),
        element("span", element("i", class_="middle"), "median") if middle else None,
        class_=f"legend {kind}".strip(),
    )
