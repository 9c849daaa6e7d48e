"""The head of the page: which model, how the run ended and why, before anything else."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.judgement import Judgement, Monitor, Outcome, worst
from monitor.report.markup import element
from monitor.report.outcomes import TITLES, WORDS, sign, style
from monitor.report.run import Run
from monitor.report.words import count, listed, window


def summary(run: Run, judgements: Sequence[Judgement]) -> Element:
    """The banner, and a tile for each monitor that leads to its section."""
    outcome = worst([judgement.outcome for judgement in judgements])
    return element(
        "header",
        element("p", run.model, element("span", f"stage {run.stage}"), class_="whose"),
        element(
            "div",
            sign(outcome),
            element("div", element("p", WORDS[outcome], class_="outcome"), element("h1", headline(judgements))),
            class_=f"banner {style(outcome)}",
        ),
        _facts(run),
        element("nav", [_tile(judgement) for judgement in judgements], aria_label="Monitors", class_="tiles"),
        _off(judgements),
    )


def headline(judgements: Sequence[Judgement]) -> str:
    """One sentence for the run as a whole."""
    by_outcome = {outcome: _titles(judgements, outcome) for outcome in Outcome}
    if violated := by_outcome[Outcome.COMPLETED_WITH_VIOLATIONS]:
        be = "is not as it" if len(violated) == 1 else "are not as they"
        return f"{_sentence(violated)} {be} should be."
    if failed := by_outcome[Outcome.FAILED]:
        return f"{_sentence(failed)} could not be judged."
    if unsure := by_outcome[Outcome.INSUFFICIENT_DATA]:
        rest = "; all else is as it should be" if by_outcome[Outcome.COMPLETED] else ""
        return f"There is too little to judge {listed([title.lower() for title in unsure], most=5)} by{rest}."
    return "All is as it should be." if judgements else "No monitor is on."


def _titles(judgements: Sequence[Judgement], outcome: Outcome) -> list[str]:
    return [TITLES[judgement.monitor] for judgement in judgements if judgement.outcome is outcome]


def _sentence(titles: Sequence[str]) -> str:
    return listed([titles[0], *(title.lower() for title in titles[1:])], most=5)


def _facts(run: Run) -> Element:
    facts = {
        "version": run.package_version or "unknown",
        "window": window(run.start, run.end),
        "rows": count(run.rows),
        "judged": f"{run.made:%-d %B %Y, %H:%M} {run.made.tzname() or ''}".strip(),
        "run": run.run,
    }
    return element(
        "dl",
        [element("div", element("dt", name), element("dd", value)) for name, value in facts.items()],
        class_="facts",
    )


def _tile(judgement: Judgement) -> Element:
    violations = len(judgement.violations)
    return element(
        "a",
        element("span", sign(judgement.outcome), TITLES[judgement.monitor], class_="title"),
        element("span", count(violations, "violation") if violations else WORDS[judgement.outcome], class_="many"),
        element("span", judgement.reason, class_="why"),
        href=f"#{judgement.monitor}",
        class_=f"tile {style(judgement.outcome)}",
    )


def _off(judgements: Sequence[Judgement]) -> Element | None:
    judged = {judgement.monitor for judgement in judgements}
    off = [TITLES[monitor].lower() for monitor in Monitor if monitor not in judged]
    return element("p", f"Not monitored in this stage: {listed(off, most=5)}.", class_="quiet") if off else None
