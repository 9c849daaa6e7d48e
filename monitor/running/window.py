"""The span of time that a run looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SETTLING: Final = timedelta(minutes=5)
"""SageMaker writes captured requests with some minutes' delay: a scheduled window ends that long before its run."""
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Window:
    """From ``start``, included, to ``end``, not included; both aware."""

    start: datetime
    end: datetime

    @classmethod
    def ending(cls, end: datetime, *, minutes: float) -> Window:
        """The window of so many minutes that ends then."""
        end = end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
        return cls(start=end - timedelta(minutes=minutes), end=end)

    def earlier(self, *, minutes: float) -> Window:
        """The same so many minutes before."""
        span = timedelta(minutes=minutes)
        return Window(start=self.start - span, end=self.end - span)

    def hours(self) -> Iterator[str]:
        """The hours that it touches, as S3 keys spell them: ``yyyy/mm/dd/hh``."""
        hour = self.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while hour < self.end:
            yield folder(hour)
            hour += _HOUR


def folder(moment: datetime) -> str:
    """The hour of a moment, as S3 keys spell it."""
    return moment.astimezone(UTC).strftime("%Y/%m/%d/%H")


def spelled(moment: datetime) -> str:
    """A moment as Model Monitor writes it: ISO 8601, UTC, seconds, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
