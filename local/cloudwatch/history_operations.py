"""DescribeAlarmHistory, of alarms that are gone too."""

from __future__ import annotations

from typing import Any, Final

from local.cloudwatch.history import History, Item
from local.errors import UnsupportedLocally
from local.front import Handler
from local.paging import page
from local.wire import Call

_PAGE: Final = 100

Params = dict[str, Any]


class HistoryOperations:
    """The handler over `history`."""

    def __init__(self, history: History) -> None:
        self._history = history

    def handlers(self) -> dict[str, Handler]:
        """The operation by name."""
        return {"DescribeAlarmHistory": self._describe_alarm_history}

    def _describe_alarm_history(self, params: Params, _: Call) -> Params:
        if "AlarmContributorId" in params:
            raise UnsupportedLocally("cloudwatch:DescribeAlarmHistory with AlarmContributorId")
        found = self._history.found(lambda item: _fits(item, params))
        if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            found.reverse()
        size, token = params.get("MaxRecords", _PAGE), params.get("NextToken")
        items, following = page(found, size=size, token=token, code="InvalidNextToken")
        return {"AlarmHistoryItems": [item.described() for item in items], "NextToken": following}


def _fits(item: Item, params: Params) -> bool:
    return (
        item.alarm == params.get("AlarmName", item.alarm)
        and item.kind == params.get("HistoryItemType", item.kind)
        and "MetricAlarm" in params.get("AlarmTypes", ["MetricAlarm"])
        and params.get("StartDate", item.at) <= item.at <= params.get("EndDate", item.at)
    )
