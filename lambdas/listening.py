"""What the alarms say, as far as a decision depends on it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from lambdas.decide import watched
from lambdas.place import Place
from lambdas.situation import Situation, same_name

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_FLEET_ALARMS: Final = ("server-errors", "model-errors", "latency")


def listen(place: Place, situation: Situation, cloudwatch: CloudWatchClient) -> Situation:
    """What the alarms say, as far as the decision depends on it."""
    trace, release = situation.trace, situation.journal.open
    if release:
        ended = not situation.moving and release.rollout == "guarded"
        served = situation.endpoint and same_name(situation.endpoint.config, trace.config)
        if not ended or served:
            return situation
        rang = tuple(name for name in trace.alarms if _first_ring(name, release.at, None, cloudwatch))
        return replace(situation, trace=replace(trace, rang=rang))
    backstop = None
    if watch := watched(situation):
        deployed, begins, ends = watch
        backstop = _first_ring(place.backstop, deployed.at + begins, deployed.at + ends, cloudwatch)
    return replace(situation, backstop=backstop, ringing=_ringing(place, situation, cloudwatch))


def _first_ring(alarm: str, since: datetime, until: datetime | None, cloudwatch: CloudWatchClient) -> datetime | None:
    """When an alarm first went into ALARM in a span of time. The history outlives the alarm."""
    span: Any = {"StartDate": since} if until is None else {"StartDate": since, "EndDate": until}
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=alarm, HistoryItemType="StateUpdate", **span
    )
    items = (item for page in pages for item in page["AlarmHistoryItems"])
    return min((item["Timestamp"] for item in items if _into_alarm(item)), default=None)


def _into_alarm(item: Any) -> bool:
    return bool(json.loads(item["HistoryData"])["newState"]["stateValue"] == "ALARM")


def _ringing(place: Place, situation: Situation, cloudwatch: CloudWatchClient) -> tuple[str, ...]:
    names = [place.backstop]
    if situation.endpoint:
        names += [f"{situation.endpoint.config}-{alarm}" for alarm in _FLEET_ALARMS]
    answer = cloudwatch.describe_alarms(AlarmNames=names, StateValue="ALARM")
    return tuple(sorted(alarm["AlarmName"] for alarm in answer["MetricAlarms"]))
