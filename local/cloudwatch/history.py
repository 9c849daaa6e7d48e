"""What happened to alarms, kept for thirty days and longer than the alarms ("DescribeAlarmHistory")."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from local.state import Table

_KEPT: Final = timedelta(days=30)
_MOST: Final = 20_000
"""However many alarms flap: the oldest items go first."""

STATE: Final = "StateUpdate"
CONFIGURATION: Final = "ConfigurationUpdate"
ACTION: Final = "Action"


@dataclass(frozen=True)
class Item:
    """One thing that happened to an alarm."""

    alarm: str
    at: datetime
    kind: str
    summary: str
    data: str

    @classmethod
    def of(cls, alarm: str, *, at: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> Item:
        """An item whose data are written as JSON."""
        return cls(alarm, at, kind, summary, json.dumps(data, separators=(",", ":")))

    def described(self) -> dict[str, Any]:
        """A member of AlarmHistoryItems."""
        return {
            "AlarmName": self.alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": self.at,
            "HistoryItemType": self.kind,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
        }


class History:
    """All items in the order in which they happened, safe for many threads."""

    def __init__(self, items: Table[Item]) -> None:
        self._items = items
        self._numbers = itertools.count(1 + max(map(int, items), default=0))
        self._lock = threading.Lock()

    def add(self, item: Item) -> None:
        """Keep an item; forget those that are too old."""
        with self._lock:
            while self._items and self._too_old(first := next(iter(self._items)), item):
                del self._items[first]
            self._items[str(next(self._numbers))] = item

    def found(self, fits: Callable[[Item], bool]) -> list[Item]:
        """The items that fit, oldest first."""
        with self._lock:
            return [item for item in self._items.values() if fits(item)]

    def _too_old(self, key: str, newest: Item) -> bool:
        return len(self._items) >= _MOST or self._items[key].at < newest.at - _KEPT
