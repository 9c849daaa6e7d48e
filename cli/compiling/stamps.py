"""Instants of compiling within a definition: with them, it is another one each time it is compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.compiling import canonical
from cli.compiling.findings import Finding

_WRITTEN = re.compile(r"(?<!\d)(\d{4})[-_/]?(\d\d)[-_/]?(\d\d)(?:[-_T /:]?(\d\d)[-_:]?(\d\d)[-_:]?(\d\d)?)(?!\d{5})")
_DAY = re.compile(r"(?<!\d)(\d{4})([-_/]?)(\d\d)\2(\d\d)(?!\d)")
_EPOCH = re.compile(r"(?<![\da-f])(\d{10})(\d{3})?(?![\da-f])")
_AROUND = timedelta(hours=26)
_ZONE = timedelta(hours=14)
"""Authors write their own time zone."""


def findings(definition: Mapping[str, Any], *, now: datetime, written: Callable[[str], bool]) -> list[Finding]:
    """A warning for each step or parameter with a text that is made of ``now``.

    ``written`` says whether the author wrote a day, of data, as it stands.
    """
    stamps = _Stamps(now, written)
    found = [
        Finding(sentence=_said(f"Parameter {p['Name']}", text), parameter=p["Name"], warning=True)
        for p in definition.get("Parameters", [])
        for text in stamps.within(p)
    ]
    for step in canonical.steps(dict(definition)):
        arguments = {key: value for key, value in step.get("Arguments", {}).items() if not key.endswith("Steps")}
        found += [
            Finding(sentence=_said(f"Step {step['Name']}", text), step=step["Name"], warning=True)
            for text in stamps.within({**step, "Arguments": arguments})
        ]
    return found


def _said(what: str, text: str) -> str:
    return (
        f"{what}: {text!r} holds the time of compiling, so that the lock is never up to date and caches never hit; "
        "use Execution.PipelineExecutionId where each execution needs a place of its own."
    )


class _Stamps:
    """Tells the time of compiling from other times."""

    def __init__(self, now: datetime, written: Callable[[str], bool]) -> None:
        self._now, self._written = now, written
        self._today = {(now + shift).strftime("%Y%m%d") for shift in (-_ZONE, timedelta(0), _ZONE)}

    def within(self, value: Any) -> Iterator[str]:
        """Every text within a JSON value that is made of now, or of today."""
        if isinstance(value, str):
            if any(abs(instant - self._now) < _AROUND for instant in _instants(value)) or self._is_of_today(value):
                yield value
            return
        for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from self.within(member)

    def _is_of_today(self, text: str) -> bool:
        days = (match for match in _DAY.finditer(text) if match[1] + match[3] + match[4] in self._today)
        return any(not self._written(match[0]) for match in days)


def _instants(text: str) -> Iterator[datetime]:
    for year, month, day, hour, minute, second in _WRITTEN.findall(text):
        try:
            yield datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
        except ValueError:
            continue  # digits that are no instant
    for seconds, _ in _EPOCH.findall(text):
        yield datetime.fromtimestamp(int(seconds), tz=UTC)
