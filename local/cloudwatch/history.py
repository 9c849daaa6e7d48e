"""What happened to alarms, kept for thirty days and longer than the alarms ("DescribeAlarmHistory")."""

from __future__ import annotations

import collections
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

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

    def __init__(self) -> None:
        self._items: collections.deque[Item] = collections.deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def add(self, item: Item) -> None:
        """Keep an item; forget those that are too old."""
        with self._lock:
            while self._items and self._items[0].at < item.at - _KEPT:
                self._items.popleft()
            self._items.append(item)

    def found(self, fits: Callable[[Item], bool]) -> list[Item]:
        """The items that fit, oldest first."""
        with self._lock:
            return [item for item in self._items if fits(item)]
