"""What people look at before they approve a model: pictures of its curves, counts and errors, as SVG."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.evidence.drawing import BLUE, INK, ORANGE, Axis, Chart, Tiles

if TYPE_CHECKING:
    from pipelines.evidence.classification import Cells
    from pipelines.evidence.curves import Bin

MOST_DOTS = 1500
_RIGHT_HALF, _LOWEST = 0.7, 0.1
"""Where a note beside a point would leave the frame, or lie on the axis."""


def roc(rates: Mapping[str, Sequence[float]], *, auc: Mapping[str, Any], counts: Cells, threshold: float) -> str:
    """The receiver operating characteristic, rates from the highest threshold to the lowest, and where we stand."""
    chart = Chart(
        "ROC curve",
        f"AUC {_with_deviation(auc)} on {counts.all:,.0f} rows",
        x=Axis.share("false positive rate"),
        y=Axis.share("true positive rate"),
    )
    points = list(zip(rates["false_positive_rates"], rates["true_positive_rates"], strict=True))
    here = (counts.rate("false_positive_rate"), counts.rate("true_positive_rate"))
    chart.area([(0, 0), *points, (1, 0)])
    chart.dashes([(0, 0), (1, 1)])
    chart.line(points)
    chart.dots([here], radius=5.5, color=ORANGE, opacity=1)
    aside, anchor = (0.035, "start") if here[0] < _RIGHT_HALF else (-0.035, "end")
    below = -0.05 if here[1] > _LOWEST else 0.02
    chart.note(here[0] + aside, here[1] + below, f"threshold {threshold:.3g}", color=INK, anchor=anchor)
    chart.note(0.66, 0.6, "by chance")
    return chart.svg()


def calibration(bins: Sequence[Bin], *, brier: Mapping[str, Any]) -> str:
    """How often it happens where the model says it will; bars show Wilson's interval of one standard error."""
    chart = Chart(
        "Calibration",
        f"Brier score {_with_deviation(brier)}; bars: one standard error",
        x=Axis.share("mean predicted probability"),
        y=Axis.share("observed share"),
    )
    chart.dashes([(0, 0), (1, 1)])
    chart.line([(each.score, each.share) for each in bins], width=1.5)
    for each in bins:
        chart.bar(each.score, *_wilson(each.share, each.rows))
    chart.dots([(each.score, each.share) for each in bins], radius=5, opacity=1)
    chart.note(0.83, 0.77, "perfect")
    return chart.svg()


def confusion(counts: Cells, *, classes: tuple[str, str], threshold: float) -> str:
    """Who is told to be what: each row of squares is one class, tinted by how much of it they hold."""
    zero, one = classes
    tiles = Tiles(
        "Confusion matrix",
        f"told {one:.20} above {threshold:.3g}; shares of each row",
        columns=[f"told {zero}", f"told {one}"],
        rows=[f"is {zero}", f"is {one}"],
    )
    matrix = ((counts.true_negative, counts.false_positive), (counts.false_negative, counts.true_positive))
    for row, pair in enumerate(matrix):
        for column, count in enumerate(pair):
            share = count / sum(pair) if sum(pair) else 0.0
            color = BLUE if row == column else ORANGE
            tiles.tile(row, column, big=f"{count:,.0f}", small=f"{share:.1%}", color=color, strength=share)
    return tiles.svg()


def predicted(predictions: Collection[float], truth: Collection[float], *, quantity: str, r2: Mapping[str, Any]) -> str:
    """What the model says against what is true."""
    both = Axis.around([*predictions, *truth], f"predicted {quantity}")
    chart = Chart(
        "Predicted against true",
        f"R² {_with_deviation(r2)} on {len(truth):,} rows",
        x=Axis(both.low, both.high, f"true {quantity}", both.ticks),
        y=both,
    )
    chart.dots(_thinned(list(zip(truth, predictions, strict=True))))
    chart.dashes([(both.low, both.low), (both.high, both.high)])
    return chart.svg()


def residuals(
    predictions: Collection[float], errors: Collection[float], *, quantity: str, rmse: Mapping[str, Any]
) -> str:
    """How far off the model is, over what it says: a line along the mean, a band of one RMSE around none."""
    size, widest = float(rmse["value"]), max(abs(float(error)) for error in errors)
    x = Axis.around(predictions, f"predicted {quantity}")
    chart = Chart(
        "Residuals",
        f"RMSE {_with_deviation(rmse)} on {len(errors):,} rows; band: one RMSE",
        x=x,
        y=Axis.around([-widest, widest], f"predicted \N{MINUS SIGN} true {quantity}"),
    )
    chart.area([(x.low, size), (x.high, size), (x.high, -size), (x.low, -size)], opacity=0.08)
    points = sorted(zip((float(each) for each in predictions), errors, strict=True))
    chart.dots(_thinned(points))
    chart.dashes([(x.low, 0), (x.high, 0)])
    chart.line(_means(points), color=ORANGE)
    return chart.svg()


def _wilson(share: float, rows: int) -> tuple[float, float]:
    """Where the true share may be, give or take one standard error; not nowhere else where none or all are found."""
    middle = (share + 0.5 / rows) / (1 + 1 / rows)
    error = math.sqrt(share * (1 - share) / rows + 0.25 / rows**2) / (1 + 1 / rows)
    return middle - error, middle + error


def _means(points: Sequence[tuple[float, float]], *, groups: int = 12) -> list[tuple[float, float]]:
    """The mean point of each of some groups of equal size along x."""
    size = max(1, math.ceil(len(points) / groups))
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts]


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Every n-th point, so that a picture stays a small file."""
    return points[:: max(1, math.ceil(len(points) / MOST_DOTS))]


def _with_deviation(metric: Mapping[str, Any]) -> str:
    """A value and its standard deviation, with the digits that the latter leaves worth saying."""
    value, deviation = metric["value"], metric["standard_deviation"]
    if deviation == "NaN" or not deviation:
        return f"{value:,.{max(0, 3 - len(f'{abs(value):.0f}'))}f}" if abs(value) >= 1 else f"{value:.3g}"
    digits = max(0, 1 - math.floor(math.log10(deviation)))
    return f"{value:,.{digits}f} ± {deviation:,.{digits}f}"
