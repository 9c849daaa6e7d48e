"""Data quality: what has moved, by how much in words and as a drawing; then every feature, small; then all numbers."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from monitor.judgement import Violation
from monitor.judging.facts import DataFacts, Feature, Side
from monitor.report.legend import legend
from monitor.report.markup import Node, element
from monitor.report.movement import spoken
from monitor.report.plots.pairs import Pair, bars
from monitor.report.plots.shapes import Shape, overlay
from monitor.report.tables import Cell, Column, table
from monitor.report.words import count, cut, number, p_value, share

_LARGE_AT_MOST = 8
_SMALL_AT_ONCE = 24
_DRIFT = "baseline_drift_check"
_MIDDLE = 2
"""The median among a side's quantiles."""

_COLUMNS = (
    Column(title="feature"),
    Column(title="distance", hint="largest difference of the two distributions, against what is allowed"),
    Column(title="allowed", number=True),
    Column(title="p", number=True, hint="corrected for all checks of the run"),
    Column(title="PSI", number=True, hint="population stability index"),
    Column(title="JS", number=True, hint="Jensen-Shannon distance, 0 to 1"),
    Column(title="middle", hint="median, or the most frequent category: baseline, then this window"),
    Column(title="missing", number=True, hint="rows without a value: baseline, then this window"),
)


def moved(facts: DataFacts, found: Sequence[Violation]) -> list[Node]:
    """What is not as it should be, large: it stands before the list of violations."""
    if not facts.features:
        return []
    was, now = count(facts.baseline_rows, "row"), count(facts.current_rows, "row")
    large = [_card(feature, _besides(feature, found)) for feature in _large(_ordered(facts))]
    return [
        legend(f"baseline, {was}", f"this window, {now}", middle=True),
        element("div", large, class_="cards") if large else None,
    ]


def drift(facts: DataFacts) -> list[Node]:
    """All else: every other feature small, the numbers, the method."""
    if not facts.features:
        return []
    ordered = _ordered(facts)
    large = _large(ordered)
    small = [feature for feature in ordered if feature not in large and not feature.ignored]
    return [_multiples(small, others=bool(large)), _numbers(ordered), _method(facts)]


def _ordered(facts: DataFacts) -> list[Feature]:
    return sorted(facts.features, key=_badness, reverse=True)


def _large(ordered: Sequence[Feature]) -> list[Feature]:
    return [feature for feature in ordered if feature.violated][:_LARGE_AT_MOST]


def _badness(feature: Feature) -> tuple[bool, bool, float]:
    return feature.violated, feature.moved, (feature.distance or 0.0) / (feature.threshold or 1.0)


def _besides(feature: Feature, found: Sequence[Violation]) -> list[str]:
    """What else than its drift, which is drawn, is wrong with a feature."""
    return [each.description for each in found if each.feature == feature.name and each.check != _DRIFT]


def _card(feature: Feature, besides: Sequence[str]) -> Element:
    """A feature that is not as it should be: how it moved, then the drawing."""
    facts = [
        f"distance {number(feature.distance)}, allowed {number(feature.threshold)}" if feature.distance else "",
        p_value(feature.p_value),
        f"PSI {number(feature.psi)}" if feature.psi is not None else "",
    ]
    return element(
        "figure",
        element("figcaption", feature.name),
        [element("p", sentence, class_="said wrong") for sentence in besides],
        element("p", spoken(feature), class_="said"),
        _drawing(feature, width=480, height=150, most=6),
        element("p", " · ".join(filter(None, facts)), class_="quiet"),
        [element("p", note, class_="quiet") for note in feature.notes],
        class_="card",
    )


def _multiples(features: Sequence[Feature], *, others: bool) -> list[Node]:
    if not features:
        return []
    first, rest = features[:_SMALL_AT_ONCE], features[_SMALL_AT_ONCE:]
    more = (
        element("details", element("summary", f"Draw {count(len(rest), 'more feature')}"), _grid(rest))
        if rest
        else None
    )
    return [element("h3", "The other features" if others else "All features"), _grid(first), more]


def _grid(features: Sequence[Feature]) -> Element:
    return element("div", [_small(feature) for feature in features], class_="multiples")


def _small(feature: Feature) -> Element:
    return element(
        "figure",
        element(
            "figcaption",
            element("span", feature.name, title=feature.name),
            element("small", number(feature.distance)) if feature.distance is not None else None,
        ),
        _drawing(feature, width=220, height=78, most=3),
        class_="violated" if feature.violated else None,
    )


def _drawing(feature: Feature, *, width: float, height: float, most: int) -> Node:
    told = f"{feature.name}: {spoken(feature)}"
    if feature.kind == "categorical" and feature.categories:
        return bars(_pairs(feature), most=most, told=told)
    if feature.kind == "numeric" and len(feature.edges) > 1:
        return overlay(_shape(feature), width=width, height=height, told=told)
    return element("p", "nothing to draw: no values", class_="quiet")


def _shape(feature: Feature) -> Shape:
    return Shape(
        edges=feature.edges,
        was=feature.baseline.shares,
        now=feature.current.shares,
        was_middle=_median(feature.baseline),
        now_middle=_median(feature.current),
    )


def _pairs(feature: Feature) -> list[Pair]:
    """The categories, those that say most first: by the larger of their shares."""
    unseen = feature.unseen or (False,) * len(feature.categories)
    was, now = _filled(feature.baseline, feature), _filled(feature.current, feature)
    known = [
        Pair(name=name, was=before, now=after, unseen=new)
        for name, before, after, new in zip(feature.categories, was, now, unseen, strict=True)
    ]
    known.sort(key=lambda pair: max(pair.was, pair.now), reverse=True)
    if any(feature.other):
        known.append(Pair(name="all others", was=feature.other[0], now=feature.other[1]))
    return known


def _filled(side: Side, feature: Feature) -> Sequence[float]:
    """A side without any value has no shares: none of each."""
    return side.shares or (0.0,) * len(feature.categories)


def _median(side: Side) -> float | None:
    return side.numbers.quantiles[_MIDDLE] if side.numbers and side.numbers.quantiles else None


def _numbers(features: Sequence[Feature]) -> Element:
    # One measure for all bars: what is twice as long is twice as far.
    longest = max((max(feature.distance or 0.0, feature.threshold) for feature in features), default=1.0)
    rows = [_row(feature, longest=longest) for feature in features]
    found = table(_COLUMNS, rows, name="Every feature", marked=[feature.violated for feature in features])
    return element("details", element("summary", f"All {count(len(features), 'feature')} as a table"), found, open="")


def _row(feature: Feature, *, longest: float) -> list[Cell]:
    missing = _from_to(_missing(feature.baseline), _missing(feature.current))
    kind = f"{feature.inferred_type}, ignored" if feature.ignored else feature.inferred_type
    return [
        Cell(shown=[feature.name, element("small", kind.lower())]),
        Cell(shown=_distance(feature, longest=longest), sort=feature.distance or 0.0, style="drawing"),
        Cell(shown=number(feature.threshold), sort=feature.threshold),
        Cell(shown=p_value(feature.p_value).removeprefix("p ").removeprefix("= ") or "–", sort=_known(feature.p_value)),
        Cell(shown=number(feature.psi), sort=feature.psi),
        Cell(shown=number(feature.jensen_shannon), sort=feature.jensen_shannon),
        Cell(shown=_from_to(_typical(feature, feature.baseline), _typical(feature, feature.current))),
        Cell(
            shown=missing if feature.baseline.missing or feature.current.missing else "–", sort=feature.current.missing
        ),
    ]


def _from_to(was: str, now: str) -> str:
    return was if was == now else f"{was} → {now}"


def _known(value: float | None) -> float:
    """Where it sorts: what was not tested comes after all that was."""
    return 2.0 if value is None else value


def _distance(feature: Feature, *, longest: float) -> Node:
    """A bar as long as the distance, a mark where it may end, and the number."""
    if feature.distance is None:
        return "–"
    style = "meter over" if feature.moved else "meter"
    return element(
        "span",
        element("i", style=f"width:{feature.distance / longest * 100:.1f}%"),
        element("u", style=f"left:{feature.threshold / longest * 100:.1f}%"),
        element("b", number(feature.distance)),
        class_=style,
    )


def _missing(side: Side) -> str:
    return share(side.missing / side.rows) if side.rows else "–"


def _typical(feature: Feature, side: Side) -> str:
    if feature.kind == "numeric":
        return number(_median(side))
    if not side.shares:
        return "–"
    return cut(feature.categories[max(range(len(side.shares)), key=side.shares.__getitem__)])


def _method(facts: DataFacts) -> Element:
    binned = (
        f"in bins; that moves no distance by more than {number(facts.resolution)}" if facts.resolution else "exactly"
    )
    return element(
        "p",
        f"A distribution has moved when it is farther from the baseline's than allowed and chance does not explain it. "
        f"At most {share(facts.false_alarm_rate)} of the windows in which nothing has changed have any violation: "
        f"{count(facts.checks, 'check')} shared that rate (Holm). Numbers are counted {binned}.",
        class_="method",
    )
