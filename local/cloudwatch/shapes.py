"""How CloudWatch describes an alarm elsewhere than in its API: in events, in notifications, in its history."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from local.cloudwatch.alarms import ACTIONS, Alarm, State
from local.cloudwatch.reasons import stamp

_STATISTICS: Final = {"SampleCount": "SAMPLE_COUNT"}
_TIMES: Final = ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp")
_CONFIGURED: Final = {"Create": "createdAlarm", "Update": "updatedAlarm", "Delete": "deletedAlarm"}
_SUBJECT_CHARACTERS: Final = 100

Document = dict[str, Any]


def state_change(alarm: Alarm, before: State) -> Document:
    """The detail of a `CloudWatch Alarm State Change` ("Alarm events and EventBridge")."""
    return {
        "alarmName": alarm.name,
        "state": _state(alarm.state),
        "previousState": _state(before),
        "configuration": {**_description(alarm), "metrics": _event_metrics(alarm)},
    }


def configuration_change(alarm: Alarm, operation: str, *, before: Alarm | None) -> Document:
    """The detail of a `CloudWatch Alarm Configuration Change`; `operation` is create, update or delete."""
    detail = {
        "alarmName": alarm.name,
        "operation": operation,
        "state": {"value": alarm.state.value, "timestamp": _moment(alarm.state.since)},
        "configuration": _configuration(alarm),
    }
    return {**detail, "previousConfiguration": _configuration(before)} if before else detail


def notification(alarm: Alarm, before: State, *, account: str, region: str) -> Document:
    """The message that an SNS action publishes, before it is made JSON; `region` is its long name."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.settings.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _moment(alarm.configured),
        "NewStateValue": alarm.state.value,
        "NewStateReason": alarm.state.reason,
        "StateChangeTime": _moment(alarm.state.updated),
        "Region": region,
        "AlarmArn": alarm.arn,
        "OldStateValue": before.value,
        **{member: list(alarm.settings.get(member, ())) for member in ACTIONS.values()},
        "Trigger": _trigger(alarm),
    }


def subject(alarm: Alarm, *, region: str) -> str:
    """The subject of that message, as long as SNS allows: `ALARM: "name" in EU (Ireland)`."""
    frame = f'{alarm.state.value}: "{{}}" in {region}'
    room = _SUBJECT_CHARACTERS - len(frame.format(""))
    return frame.format(alarm.name if len(alarm.name) <= room else alarm.name[: room - 3] + "...")


def state_update(alarm: Alarm, before: State) -> Document:
    """HistoryData of a StateUpdate."""
    return {"version": "1.0", "oldState": _history_state(before), "newState": _history_state(alarm.state)}


def configuration_update(alarm: Alarm, kind: str) -> Document:
    """HistoryData of a ConfigurationUpdate; `kind` is Create, Update or Delete."""
    members = {name: value for name, value in alarm.described().items() if value is not None}
    members |= {name: _moment(members[name]) for name in _TIMES}
    for name in ("StateReason", "StateReasonData", "StateTransitionedTimestamp"):
        members.pop(name, None)
    return {"version": "1.0", "type": kind, _CONFIGURED[kind]: _lowered(members)}


def _state(state: State) -> Document:
    told = {"value": state.value, "reason": state.reason, "timestamp": _moment(state.updated)}
    return {**told, "reasonData": state.data} if state.data else told


def _history_state(state: State) -> Document:
    told = {"stateValue": state.value, "stateReason": state.reason}
    return {**told, "stateReasonData": json.loads(state.data)} if state.data else told


def _configuration(alarm: Alarm) -> Document:
    settings = alarm.settings
    optional = {"datapointsToAlarm": settings.get("DatapointsToAlarm")}
    return {
        "evaluationPeriods": settings["EvaluationPeriods"],
        **{name: value for name, value in optional.items() if value is not None},
        "threshold": settings["Threshold"],
        "comparisonOperator": settings["ComparisonOperator"],
        "treatMissingData": settings.get("TreatMissingData", "missing"),
        "metrics": _event_metrics(alarm),
        "alarmName": alarm.name,
        **_description(alarm),
        "actionsEnabled": settings["ActionsEnabled"],
        "timestamp": _moment(alarm.configured),
        "okActions": list(settings.get("OKActions", ())),
        "alarmActions": list(settings.get("AlarmActions", ())),
        "insufficientDataActions": list(settings.get("InsufficientDataActions", ())),
    }


def _description(alarm: Alarm) -> Document:
    text = alarm.settings.get("AlarmDescription")
    return {"description": text} if text else {}


def _event_metrics(alarm: Alarm) -> list[Document]:
    return [_event_metric(query) for query in _queries(alarm)]


def _event_metric(query: Mapping[str, Any]) -> Document:
    told = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    told |= {_lower(name): query[name] for name in ("Expression", "Label", "Period") if name in query}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", ())}
        named = {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}
        told["metricStat"] = {"metric": named, "period": stat["Period"], "stat": stat["Stat"]}
        if "Unit" in stat:
            told["metricStat"]["unit"] = stat["Unit"]
    return told


def _queries(alarm: Alarm) -> list[Mapping[str, Any]]:
    """The alarm's metrics in MetricDataQuery's shape, whichever way they were put."""
    settings = alarm.settings
    if "Metrics" in settings:
        return list(settings["Metrics"])
    metric = {name: settings[name] for name in ("Namespace", "MetricName", "Dimensions") if name in settings}
    stat = {"Metric": metric, "Period": settings["Period"], "Stat": _statistic(alarm)}
    if "Unit" in settings:
        stat["Unit"] = settings["Unit"]
    # AWS makes up an Id for the one metric; this one stays the same for the alarm.
    return [{"Id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.arn)), "MetricStat": stat, "ReturnData": True}]


def _statistic(alarm: Alarm) -> str:
    return str(alarm.settings.get("Statistic") or alarm.settings["ExtendedStatistic"])


def _trigger(alarm: Alarm) -> Document:
    settings = alarm.settings
    optional = {name: settings[name] for name in ("DatapointsToAlarm",) if name in settings}
    rule = {
        "Period": alarm.rule.period,
        "EvaluationPeriods": settings["EvaluationPeriods"],
        **optional,
        "ComparisonOperator": settings["ComparisonOperator"],
        "Threshold": settings["Threshold"],
        "TreatMissingData": settings.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in settings:
        return {**rule, "Metrics": [_trigger_metric(query) for query in settings["Metrics"]]}
    extended = "ExtendedStatistic" in settings
    name = _statistic(alarm)
    return {
        "MetricName": settings["MetricName"],
        "Namespace": settings["Namespace"],
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": name} if extended else {"Statistic": _STATISTICS.get(name, name.upper())}),
        "Unit": settings.get("Unit"),
        "Dimensions": _pairs(settings),
        **rule,
    }


def _trigger_metric(query: Mapping[str, Any]) -> Document:
    told = {**query, "ReturnData": query.get("ReturnData", True)}
    if stat := query.get("MetricStat"):
        told["MetricStat"] = {**stat, "Metric": {**stat["Metric"], "Dimensions": _pairs(stat["Metric"])}}
    return told


def _pairs(members: Mapping[str, Any]) -> list[Document]:
    return [{"value": d["Value"], "name": d["Name"]} for d in members.get("Dimensions", ())]


def _moment(at: datetime) -> str:
    return stamp(at.timestamp())


def _lowered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_lower(str(name)): _lowered(item) for name, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def _lower(name: str) -> str:
    # AWS writes "okactions", all small.
    return "okactions" if name == "OKActions" else name[0].lower() + name[1:]
