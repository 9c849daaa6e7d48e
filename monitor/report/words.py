"""Numbers, shares and lists as people say them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

_TINY = 0.0001
_HUGE = 1e9
_SURE = 0.0001
_WHOLE_ABOVE = 1000
_PERCENT_WHOLE_ABOVE = 0.1


def number(value: float | None) -> str:
    """A number with the digits that count: ``0.0312``, ``24``, ``5,214``; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= _HUGE or 0 < size < _TINY:
        return f"{value:.2g}".replace("-", "−")
    text = f"{value:,.0f}" if size >= _WHOLE_ABOVE else f"{value:.3g}"
    return text.replace("-", "−")


def share(value: float | None) -> str:
    """A share of one as per cent: ``34 %``, ``0.4 %``."""
    if value is None or math.isnan(value):
        return "–"
    percent = value * 100
    if 0 < percent < _PERCENT_WHOLE_ABOVE:
        return f"< {_PERCENT_WHOLE_ABOVE} %"
    return f"{percent:.0f} %" if percent >= 1 or percent == 0 else f"{percent:.1f} %"


def p_value(value: float | None) -> str:
    """How sure: ``p < 0.0001``, ``p = 0.03``; empty where nothing was tested."""
    if value is None or math.isnan(value):
        return ""
    return f"p < {_SURE}" if value < _SURE else f"p = {value:.2g}"


def count(how_many: float, what: str = "") -> str:
    """A number of things: ``1 row``, ``5,214 rows``."""
    if not what:
        return f"{how_many:,.0f}"
    return f"{how_many:,.0f} {what if how_many == 1 else _several(what)}"


def listed(names: Sequence[str], *, most: int = 4) -> str:
    """Names in a sentence: ``age``, ``age and amount``, ``age, amount and 7 others``."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(count(len(names) - most, "other"))
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nothing"


def cut(text: str, *, most: int = 60) -> str:
    """The beginning of a text that is too long to stand in a sentence."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def window(start: datetime, end: datetime) -> str:
    """A window of time; the day is said once where it is one."""
    if start.date() == end.date():
        return f"{start:%-d %B %Y, %H:%M} to {end:%H:%M} {start.tzname() or ''}".strip()
    return f"{start:%-d %B %Y, %H:%M} to {end:%-d %B %Y, %H:%M} {start.tzname() or ''}".strip()


def _several(what: str) -> str:
    return what[:-1] + "ies" if what.endswith("y") else what + "s"
