"""Outcomes and monitors as people call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element

from monitor.judgement import Monitor, Outcome
from monitor.report.markup import element

TITLES: Final[Mapping[Monitor, str]] = {
    Monitor.DATA_QUALITY: "Data quality",
    Monitor.MODEL_QUALITY: "Model quality",
    Monitor.BIAS: "Bias",
    Monitor.EXPLAINABILITY: "Explainability",
    Monitor.BUSINESS: "Business",
}

WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.COMPLETED: "As it should be",
    Outcome.COMPLETED_WITH_VIOLATIONS: "Violations",
    Outcome.INSUFFICIENT_DATA: "Too little data",
    Outcome.FAILED: "Failed",
}

_STYLES: Final[Mapping[Outcome, str]] = {
    Outcome.COMPLETED: "good",
    Outcome.COMPLETED_WITH_VIOLATIONS: "bad",
    Outcome.INSUFFICIENT_DATA: "unsure",
    Outcome.FAILED: "broken",
}

# A tick, an exclamation mark, a question of three dots, a cross: no outcome is told by its colour alone.
_SIGNS: Final[Mapping[Outcome, str]] = {
    Outcome.COMPLETED: "M5 10.5l3.4 3.4L15 7",
    Outcome.COMPLETED_WITH_VIOLATIONS: "M10 4.5v7M10 15v.2",
    Outcome.INSUFFICIENT_DATA: "M5.2 10v.2M10 10v.2M14.8 10v.2",
    Outcome.FAILED: "M6 6l8 8M14 6l-8 8",
}


def style(outcome: Outcome) -> str:
    """The name that the page's style knows an outcome by."""
    return _STYLES[outcome]


def sign(outcome: Outcome) -> Element:
    """The outcome as a small round sign, beside which its words stand."""
    return element(
        "svg",
        element("circle", cx=10, cy=10, r=10),
        element("path", d=_SIGNS[outcome]),
        viewBox="0 0 20 20",
        class_=f"sign {style(outcome)}",
        aria_hidden="true",
    )


def badge(outcome: Outcome) -> Element:
    """The outcome's sign and words."""
    return element("span", sign(outcome), WORDS[outcome], class_=f"badge {style(outcome)}")
