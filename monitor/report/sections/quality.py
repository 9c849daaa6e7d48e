"""Model quality: each metric with its interval of confidence, who has a label, and the curves."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.quality.facts import (
    CalibrationBin,
    ClassificationFacts,
    Coverage,
    Curve,
    Measure,
    QualityFacts,
    RegressionFacts,
    UnmeasuredFacts,
)
from monitor.report.axes import extent
from monitor.report.legend import legend
from monitor.report.markup import Node, element
from monitor.report.plots.curves import Curves, square
from monitor.report.plots.matrix import matrix
from monitor.report.plots.scatter import scatter
from monitor.report.plots.shapes import Shape, overlay
from monitor.report.plots.tracks import Track, line
from monitor.report.tables import Cell, Column, Line, first_judged
from monitor.report.words import count, number, p_value, share

_COLUMNS = (
    Column(title="metric"),
    Column(title="now", number=True),
    Column(title="95 % sure between", number=True),
    Column(title="baseline", number=True),
    Column(title="must be", number=True),
    Column(title=""),
)


def quality(facts: QualityFacts) -> list[Node]:
    """The section's content."""
    if isinstance(facts, UnmeasuredFacts):
        return [_coverage(facts.coverage)]
    drawn = _classification(facts) if isinstance(facts, ClassificationFacts) else _regression(facts)
    note = element("p", facts.note, class_="quiet") if facts.note else None
    return [
        legend(kind="dots"),
        _measures(facts.measures),
        _coverage(facts.coverage),
        element("div", drawn, class_="figures"),
        note,
    ]


def _measures(measures: Sequence[Measure]) -> list[Element]:
    lines = [Line(cells=_measure(each), judged=_is_judged(each), violated=each.violated) for each in measures]
    return first_judged(_COLUMNS, lines, name="Metrics of the model")


def _is_judged(measure: Measure) -> bool:
    return measure.judged or measure.at_least is not None or measure.at_most is not None


def _measure(measure: Measure) -> list[Cell]:
    between = f"{number(measure.low)} – {number(measure.high)}" if measure.low is not None else "–"
    track = Track(
        now=measure.value,
        was=measure.baseline,
        low=measure.low,
        high=measure.high,
        at_least=measure.at_least,
        at_most=measure.at_most,
        bad=measure.violated,
    )
    values = [measure.value, measure.baseline, measure.low, measure.high, measure.at_least, measure.at_most]
    lowest, highest = extent(values)
    told = f"{measure.title}: {number(measure.value)} now, {number(measure.baseline)} in the baseline"
    return [
        Cell(shown=[measure.title, element("small", measure.name)]),
        Cell(shown=number(measure.value), sort=measure.value, style="strong"),
        Cell(shown=between),
        Cell(shown=number(measure.baseline), sort=measure.baseline),
        Cell(shown=_demand(measure)),
        Cell(shown=line(track, lowest=lowest, highest=highest, told=told), style="drawing"),
    ]


def _demand(measure: Measure) -> Node:
    """What the metric is held to, in words."""
    if measure.at_least is not None or measure.at_most is not None:
        least = f"≥ {number(measure.at_least)}" if measure.at_least is not None else ""
        most = f"≤ {number(measure.at_most)}" if measure.at_most is not None else ""
        return " and ".join(filter(None, [least, most]))
    if not measure.judged:
        return element("span", "not judged", class_="quiet")
    return ["not worse", element("small", p_value(measure.p_value))]


def _coverage(coverage: Coverage) -> Element:
    """A bar of the answers: labelled, contradicting, unlabelled; and the labels that went nowhere."""
    unlabelled = max(0, coverage.rows - coverage.labelled - coverage.conflicting)
    parts = {"labelled": coverage.labelled, "conflicting": coverage.conflicting, "unlabelled": unlabelled}
    whole = coverage.rows or 1
    told = ", ".join(f"{count(value)} {name}" for name, value in parts.items() if value) or "no answers"
    bar = [
        element("i", class_=name, style=f"width:{value / whole * 100:.2f}%", title=f"{count(value)} {name}")
        for name, value in parts.items()
        if value
    ]
    return element(
        "div",
        element("h3", f"{share(coverage.share)} of the answers have a label"),
        element("div", bar, class_="stack", role="img", aria_label=told),
        element("p", told, " · " if _strays(coverage) else None, ", ".join(_strays(coverage)), class_="quiet"),
        _ids(coverage),
        class_="coverage",
    )


def _strays(coverage: Coverage) -> list[str]:
    told = {
        "label of no answer in the window": coverage.unmatched,
        "label said twice": coverage.duplicates,
        "label without a value": coverage.empty,
        "answer repeated by a later one": coverage.repeated,
    }
    return [f"{count(value)} × {name}" for name, value in told.items() if value]


def _ids(coverage: Coverage) -> Element | None:
    if not any(coverage.examples.values()):
        return None
    lines = [
        element("li", f"{name}: ", [[element("code", each), " "] for each in ids])
        for name, ids in coverage.examples.items()
        if ids
    ]
    return element("details", element("summary", "Examples"), element("ul", lines))


def _classification(facts: ClassificationFacts) -> list[Node]:
    scores = Shape(edges=facts.score_edges, was=facts.score_negative, now=facts.score_positive)
    return [
        matrix(
            facts.confusion,
            told=("decided against", "decided for"),
            truly=(f"not “{facts.positive_label}”", f"“{facts.positive_label}”"),
            title=f"Decisions at {number(facts.decision_threshold)}",
        ),
        square(
            Curves(
                title="ROC curve",
                across="false positives",
                up="true positives",
                now=_points(facts.roc),
                diagonal=True,
            )
        ),
        square(
            Curves(title="Precision and recall", across="recall", up="precision", now=_points(facts.precision_recall))
        ),
        _calibration(facts.calibration),
        element(
            "figure",
            element("figcaption", "Predictions by what was true"),
            legend(f"truly not “{facts.positive_label}”", f"truly “{facts.positive_label}”", kind="other"),
            overlay(scores, width=300, height=170, told="Histogram of predictions, by the true label", kind="other"),
        )
        if len(facts.score_edges) > 1
        else None,
    ]


def _calibration(bins: Sequence[CalibrationBin]) -> Element:
    return square(
        Curves(
            title="Calibration",
            across="predicted",
            up="true",
            now=[(each.score, each.share) for each in bins],
            whiskers=[(each.low, each.high) for each in bins],
            diagonal=True,
        )
    )


def _regression(facts: RegressionFacts) -> list[Node]:
    middle = facts.residual_quantiles[2]
    shape = Shape(edges=facts.residual_edges, was=(), now=facts.residual_counts, now_middle=middle)
    told = f"Errors: half lie between {number(facts.residual_quantiles[1])} and {number(facts.residual_quantiles[3])}"
    return [
        scatter(facts.true, facts.predicted, title="Predicted against true"),
        element(
            "figure",
            element("figcaption", "Prediction minus truth"),
            overlay(shape, width=300, height=200, told=told),
            element("p", told, class_="quiet"),
        )
        if len(facts.residual_edges) > 1
        else None,
    ]


def _points(curve: Curve) -> list[tuple[float, float]]:
    return list(zip(curve.x, curve.y, strict=True))
