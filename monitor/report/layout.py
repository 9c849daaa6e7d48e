"""The page as a whole: its head, a section for each judgement, what was left out, and how it was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any, Final
from xml.etree.ElementTree import Element

from monitor.judgement import Judgement, Monitor, worst
from monitor.report.markup import Node, document, element
from monitor.report.outcomes import TITLES, WORDS, badge
from monitor.report.run import Run
from monitor.report.sections.attribution import attribution
from monitor.report.sections.bias import bias
from monitor.report.sections.business import business
from monitor.report.sections.drift import drift, moved
from monitor.report.sections.quality import quality
from monitor.report.sections.skipped import skipped
from monitor.report.sections.summary import summary
from monitor.report.sections.violations import violations
from monitor.report.words import count

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""What a browser may load for the page: nothing that is not in it."""

_CONTENTS: Final[Mapping[Monitor, Callable[[Any], Node]]] = {
    Monitor.DATA_QUALITY: drift,
    Monitor.MODEL_QUALITY: quality,
    Monitor.BIAS: bias,
    Monitor.EXPLAINABILITY: attribution,
    Monitor.BUSINESS: business,
}


def laid_out(run: Run, judgements: Sequence[Judgement]) -> str:
    """The page about a run, as text."""
    order = list(Monitor)
    judged = sorted(judgements, key=lambda judgement: order.index(judgement.monitor))
    return document(
        element(
            "html",
            _head(run, judged),
            element(
                "body",
                element(
                    "main",
                    summary(run, judged),
                    [_section(judgement) for judgement in judged],
                    skipped(run),
                    _foot(run),
                ),
                element("script", _asset("page.js")),
            ),
            lang="en",
        )
    )


def _head(run: Run, judgements: Sequence[Judgement]) -> Element:
    outcome = WORDS[worst([judgement.outcome for judgement in judgements])]
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{run.model}, {run.stage}: {outcome}"),
        element("style", _asset("page.css")),
    )


def _section(judgement: Judgement) -> Element:
    content: Node = None if judgement.facts is None else _CONTENTS[judgement.monitor](judgement.facts)
    return element(
        "section",
        element("h2", TITLES[judgement.monitor], badge(judgement.outcome)),
        element("p", judgement.reason, element("small", f" {count(judgement.rows, 'row')} judged"), class_="lead"),
        _look_first(judgement),
        violations(judgement.violations),
        content,
        id=str(judgement.monitor),
    )


def _look_first(judgement: Judgement) -> Node:
    """What is drawn before it is listed."""
    if judgement.monitor is not Monitor.DATA_QUALITY or judgement.facts is None:
        return None
    return moved(judgement.facts, judgement.violations)


def _foot(run: Run) -> Element:
    baseline: Node = [" The baseline lies in ", element("code", run.baseline), "."] if run.baseline else None
    return element("footer", element("p", f"Run {run.run}.", baseline))


def _asset(name: str) -> str:
    return resources.files("monitor.report").joinpath(name).read_text(encoding="utf-8")
