"""What is not as it should be, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.judgement import Violation
from monitor.report.markup import element
from monitor.report.words import number, p_value

_SHOWN = 8


def violations(found: Sequence[Violation]) -> Element | None:
    """The list; a long one shows its beginning, and the rest when asked."""
    if not found:
        return None
    first, rest = found[:_SHOWN], found[_SHOWN:]
    more = (
        element("details", element("summary", f"{len(rest)} more"), element("ul", [_line(each) for each in rest]))
        if rest
        else None
    )
    return element("div", element("ul", [_line(each) for each in first]), more, class_="violations")


def _line(violation: Violation) -> Element:
    return element(
        "li",
        element("b", violation.feature),
        element("span", violation.description, class_="what"),
        element("small", " · ".join(filter(None, [violation.check, _numbers(violation), p_value(violation.p_value)]))),
    )


def _numbers(violation: Violation) -> str:
    if violation.value is None:
        return ""
    against = f" against {number(violation.threshold)}" if violation.threshold is not None else ""
    return f"{number(violation.value)}{against}"
