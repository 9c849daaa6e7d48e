"""Business: each figure as large as it matters, with what it must keep to."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from monitor.business.facts import BusinessFacts, KpiFact
from monitor.report.axes import extent
from monitor.report.markup import element
from monitor.report.plots.tracks import Track, line
from monitor.report.words import count, number


def business(facts: BusinessFacts) -> list[Element]:
    """The section's content."""
    return [element("div", [_kpi(kpi) for kpi in facts.kpis], class_="cards")]


def _kpi(kpi: KpiFact) -> Element:
    value = element("p", element("b", number(kpi.value)), f" {kpi.unit}" if kpi.unit else None, class_="figure")
    return element(
        "figure",
        element("figcaption", kpi.name),
        value,
        _line(kpi) if kpi.value is not None else None,
        element("p", ", ".join(filter(None, [_demand(kpi), _between(kpi), count(kpi.rows, "row")])), class_="quiet"),
        element("p", kpi.note, class_="quiet") if kpi.note else None,
        element("code", kpi.expression),
        class_="card kpi violated" if kpi.violated else "card kpi",
    )


def _line(kpi: KpiFact) -> Element:
    lowest, highest = extent([kpi.value, kpi.low, kpi.high, kpi.at_least, kpi.at_most], margin=0.25)
    track = Track(
        now=kpi.value, low=kpi.low, high=kpi.high, at_least=kpi.at_least, at_most=kpi.at_most, bad=kpi.violated
    )
    return line(track, lowest=lowest, highest=highest, told=f"{kpi.name}: {number(kpi.value)}")


def _demand(kpi: KpiFact) -> str:
    least = f"at least {number(kpi.at_least)}" if kpi.at_least is not None else ""
    most = f"at most {number(kpi.at_most)}" if kpi.at_most is not None else ""
    return " and ".join(filter(None, [least, most])) or "no limit"


def _between(kpi: KpiFact) -> str:
    if kpi.low is None or kpi.high is None:
        return ""
    return f"95 % sure between {number(kpi.low)} and {number(kpi.high)}"
