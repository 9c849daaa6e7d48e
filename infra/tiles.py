"""The tiles of a dashboard: a graph, what it shows, what to do when it is red; and how they are laid out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

COLUMNS: Final = 24
"""The width of a dashboard (CloudWatch API Reference, "Dashboard body structure and syntax")."""

_IN_A_ROW: Final = 3
_WIDTH: Final = COLUMNS // _IN_A_ROW
_GRAPH_ROWS: Final = 6
_TEXT_ROWS: Final = 3
_HEADING_ROWS: Final = 1
_RED: Final = "#d13212"

Widget = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a graph: a metric, or an expression over the metrics of its `parts`; they are not drawn themselves.

    ``dimensions`` are names and values. An expression names its parts as ``$errors``.
    """

    label: str
    namespace: str = ""
    metric: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    stat: str = "Sum"
    expression: str = ""
    parts: Mapping[str, Line] = field(default_factory=dict)
    right: bool = False
    """Whether it has the scale on the right."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """From where on a graph is red: above, or with ``below`` beneath a value."""

    label: str
    value: float
    below: bool = False


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A graph, its unit, and under it what to do when it is red, with the section of the runbooks that says more."""

    title: str
    unit: str
    lines: Sequence[Line]
    red: str
    runbook: str
    period_seconds: int = 60
    limits: Sequence[Limit] = ()
    stacked: bool = False
    days: int = 0
    """How far back it looks, whatever the dashboard shows; 0: as the dashboard."""
    floor: float | None = 0
    ceiling: float | None = None
    """The ends of its scale; None where the numbers decide."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Tiles that belong together; ``instead`` stands there when there are none."""

    title: str
    tiles: Sequence[Tile]
    instead: str = ""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What all tiles share: the region of their metrics, and the address of the runbooks, if they have one."""

    region: str
    runbooks: str | None = None


def body(title: str, *, alarms: Sequence[str], families: Iterable[Family], frame: Frame) -> dict[str, Any]:
    """A dashboard's body: what it is about, which of the alarms (ARNs) ring, then the families with their tiles."""
    widgets = [_text(title, y=0, height=2)]
    y = 2
    if alarms:
        widgets.append(_alarms(alarms, y=y))
        y += _alarm_rows(alarms)
    for family in families:
        widgets.append(_text(f"## {family.title}", y=y, height=_HEADING_ROWS))
        y += _HEADING_ROWS
        if not family.tiles:
            widgets.append(_text(family.instead, y=y, height=_TEXT_ROWS))
            y += _TEXT_ROWS
        for first in range(0, len(family.tiles), _IN_A_ROW):
            widgets += _row(family.tiles[first : first + _IN_A_ROW], y=y, frame=frame)
            y += _GRAPH_ROWS + _TEXT_ROWS
    return {"start": "-PT12H", "widgets": widgets}


def _row(tiles: Sequence[Tile], *, y: int, frame: Frame) -> Iterator[Widget]:
    for index, tile in enumerate(tiles):
        place = {"x": index * _WIDTH, "width": _WIDTH}
        graph = {"type": "metric", **place, "y": y, "height": _GRAPH_ROWS, "properties": _graph(tile, frame.region)}
        said = {"markdown": f"{tile.red}\n\n{_runbook(tile.runbook, frame)}", "background": "transparent"}
        yield graph
        yield {"type": "text", **place, "y": y + _GRAPH_ROWS, "height": _TEXT_ROWS, "properties": said}


def _runbook(section: str, frame: Frame) -> str:
    where = f"docs/runbooks.md#{section}"
    return f"Runbook: [{where}]({frame.runbooks}#{section})" if frame.runbooks else f"Runbook: `{where}`"


def _graph(tile: Tile, region: str) -> Widget:
    right = {"right": {"min": 0, "showUnits": False}} if any(line.right for line in tile.lines) else {}
    ends = {"min": tile.floor, "max": tile.ceiling}
    scale = {name: value for name, value in ends.items() if value is not None}
    properties: Widget = {
        "title": f"{tile.title} ({tile.unit})",
        "view": "timeSeries",
        "stacked": tile.stacked,
        "region": region,
        "period": tile.period_seconds,
        "metrics": list(_metrics(tile.lines)),
        "yAxis": {"left": {**scale, "label": tile.unit, "showUnits": False}, **right},
        "annotations": {"horizontal": [_annotation(limit) for limit in tile.limits]},
    }
    if tile.days:
        properties |= {"start": f"-P{tile.days}D", "end": "P0D"}
    return properties


def _metrics(lines: Iterable[Line]) -> Iterator[list[Any]]:
    """Lines as CloudWatch has them; those that only take part in an expression are hidden."""
    for number, line in enumerate(lines):
        right = {"yAxis": "right"} if line.right else {}
        if not line.expression:
            yield [*_name(line), {"label": line.label, "stat": line.stat, **right}]
            continue
        for part, metric in line.parts.items():
            yield [*_name(metric), {"id": f"{part}{number}", "stat": metric.stat, "visible": False}]
        expression = re.sub(r"\$(\w+)", rf"\g<1>{number}", line.expression)
        yield [{"expression": expression, "label": line.label, "id": f"line{number}", **right}]


def _name(line: Line) -> list[str]:
    return [line.namespace, line.metric, *itertools.chain.from_iterable(line.dimensions.items())]


def _annotation(limit: Limit) -> dict[str, Any]:
    fill = "below" if limit.below else "above"
    return {"label": limit.label, "value": limit.value, "color": _RED, "fill": fill}


def _text(markdown: str, *, y: int, height: int) -> Widget:
    place = {"x": 0, "y": y, "width": COLUMNS, "height": height}
    return {"type": "text", **place, "properties": {"markdown": markdown, "background": "transparent"}}


def _alarms(alarms: Sequence[str], *, y: int) -> Widget:
    properties = {"title": "Alarms: what is red now", "alarms": list(alarms), "sortBy": "stateUpdatedTimestamp"}
    place = {"x": 0, "y": y, "width": COLUMNS, "height": _alarm_rows(alarms)}
    return {"type": "alarm", **place, "properties": properties}


def _alarm_rows(alarms: Sequence[str]) -> int:
    """Four alarms stand beside each other."""
    return 1 + -(-len(alarms) // 4)
