"""How a feature has moved, in words."""

from __future__ import annotations

from monitor.judging.facts import Feature, Side
from monitor.report.words import cut, number, share

_LOWEST, _MIDDLE, _HIGHEST = 0, 2, -1
"""Where the quantiles of 5, 50 and 95 % stand."""

_WORTH_SAYING = 0.005


def spoken(feature: Feature) -> str:
    """A sentence or two: what was, what is now; about a side without values, that."""
    parts = [_middle(feature) if feature.kind == "numeric" else _categories(feature), _gaps(feature)]
    return " ".join(part for part in parts if part) or "Nothing to compare."


def _middle(feature: Feature) -> str:
    was, now = _quantiles(feature.baseline), _quantiles(feature.current)
    if not was or not now:
        return f"There is no number in {'the window' if not now else 'the baseline'}."
    before = f"{number(was[_LOWEST])} to {number(was[_HIGHEST])}"
    return (
        f"The median {_went(was[_MIDDLE], now[_MIDDLE])}. Nine in ten lie between {number(now[_LOWEST])} and "
        f"{number(now[_HIGHEST])}; before: {before}."
    )


def _went(was: float, now: float) -> str:
    if number(was) == number(now):
        return f"is {number(now)}, as it was"
    return f"{'rose' if now > was else 'fell'} from {number(was)} to {number(now)}"


def _categories(feature: Feature) -> str:
    was, now = feature.baseline.shares, feature.current.shares
    if not sum(was) or not sum(now):
        return f"There is no value in {'the window' if not sum(now) else 'the baseline'}."
    changes = sorted(range(len(was)), key=lambda each: round(-abs(now[each] - was[each]), 6))
    said = [_change(feature, each) for each in changes[:2] if abs(now[each] - was[each]) >= _WORTH_SAYING]
    return f"{'; '.join(said)}." if said else "Every category is about as frequent as it was."


def _change(feature: Feature, at: int) -> str:
    name, was, now = cut(feature.categories[at]), feature.baseline.shares[at], feature.current.shares[at]
    if feature.unseen and feature.unseen[at]:
        return f"“{name}” is new: {share(now)}"
    return f"“{name}” was {share(was)}, is {share(now)}"


def _gaps(feature: Feature) -> str:
    was, now = _missing(feature.baseline), _missing(feature.current)
    if abs(now - was) < _WORTH_SAYING:
        return ""
    return f"{share(now)} of the rows have no value; before: {share(was)}."


def _missing(side: Side) -> float:
    return side.missing / side.rows if side.rows else 0.0


def _quantiles(side: Side) -> tuple[float, ...]:
    return side.numbers.quantiles if side.numbers else ()
