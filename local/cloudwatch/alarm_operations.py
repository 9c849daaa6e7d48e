"""The operations on alarms."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final

from local.cloudwatch.alarm_checks import check_alarm
from local.cloudwatch.alarms import ACTIONS, Alarm, Alarms, State
from local.cloudwatch.evaluation import Rule
from local.cloudwatch.metrics import Metric
from local.cloudwatch.transitions import Transitions
from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.paging import page
from local.services import Services
from local.wire import Call

_PAGE: Final = 50

Params = dict[str, Any]


class AlarmOperations:
    """Handlers over `alarms`; `transitions` tells of what they change, `wake` is told of what they put."""

    def __init__(
        self, services: Services, alarms: Alarms, *, transitions: Transitions, wake: Callable[[Alarm], None]
    ) -> None:
        self._clock, self._alarms = services.clock, alarms
        self._transitions, self._wake = transitions, wake
        self._prefix = f"arn:aws:cloudwatch:{services.region}:{services.account}:alarm:"

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "PutMetricAlarm": self._put_metric_alarm,
            "DescribeAlarms": self._describe_alarms,
            "DescribeAlarmsForMetric": self._describe_alarms_for_metric,
            "DeleteAlarms": self._delete_alarms,
            "SetAlarmState": self._set_alarm_state,
            "EnableAlarmActions": functools.partial(self._switch_actions, enabled=True),
            "DisableAlarmActions": functools.partial(self._switch_actions, enabled=False),
            "TagResource": self._tag_resource,
            "UntagResource": self._untag_resource,
            "ListTagsForResource": self._list_tags_for_resource,
        }

    def _put_metric_alarm(self, params: Params, _: Call) -> Params:
        check_alarm(params)
        now, name = self._clock.now(), params["AlarmName"]
        settings = {"ActionsEnabled": True, **params}
        tags = {tag["Key"]: tag["Value"] for tag in settings.pop("Tags", ())}
        state = State("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", since=now, updated=now)
        made = Alarm(
            name, self._prefix + name, settings, rule=Rule.of(settings), configured=now, state=state, tags=tags
        )
        alarm, before = self._alarms.put(made)
        self._transitions.configured(alarm, "Update" if before else "Create", before=before)
        self._wake(alarm)
        return {}

    def _describe_alarms(self, params: Params, _: Call) -> Params:
        for name in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
            if name in params:
                raise UnsupportedLocally(f"cloudwatch:DescribeAlarms with {name}")
        if "AlarmNames" in params and "AlarmNamePrefix" in params:
            message = "The parameters AlarmNames and AlarmNamePrefix cannot be specified at the same time."
            raise AwsError("InvalidParameterCombination", message)
        metric_alarms = "MetricAlarm" in params.get("AlarmTypes", ["MetricAlarm"])
        found = [alarm for alarm in self._alarms.listed() if metric_alarms and _fits(alarm, params)]
        size, token = params.get("MaxRecords", _PAGE), params.get("NextToken")
        alarms, following = page(found, size=size, token=token, code="InvalidNextToken")
        described = [alarm.described() for alarm in alarms]
        return {"MetricAlarms": described, "CompositeAlarms": [], "NextToken": following}

    def _describe_alarms_for_metric(self, params: Params, _: Call) -> Params:
        asked, same = Metric.of(params), ("Statistic", "ExtendedStatistic", "Period", "Unit")
        return {
            "MetricAlarms": [
                alarm.described()
                for alarm in self._alarms.listed()
                if "MetricName" in alarm.settings
                and Metric.of(alarm.settings) == asked
                and all(params[name] == alarm.settings.get(name) for name in same if name in params)
            ]
        }

    def _delete_alarms(self, params: Params, _: Call) -> Params:
        for alarm in self._alarms.delete(params["AlarmNames"]):
            self._transitions.configured(alarm, "Delete")
        return {}

    def _set_alarm_state(self, params: Params, _: Call) -> Params:
        data = params.get("StateReasonData")
        if data is not None:
            _check_json(data)
        now = self._clock.now()
        state = State(params["StateValue"], params["StateReason"], since=now, updated=now, data=data)
        if not self._transitions.move(params["AlarmName"], state):
            raise AwsError("ResourceNotFound", f"Alarm {params['AlarmName']} does not exist.", status=404)
        return {}

    def _switch_actions(self, params: Params, _: Call, *, enabled: bool) -> Params:
        changed = self._alarms.switch_actions(params["AlarmNames"], enabled=enabled, now=self._clock.now())
        for alarm, before in changed:
            self._transitions.configured(alarm, "Update", before=before)
        return {}

    def _tag_resource(self, params: Params, _: Call) -> Params:
        given = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        self._alarms.change_tags(params["ResourceARN"], lambda tags: tags | given)
        return {}

    def _untag_resource(self, params: Params, _: Call) -> Params:
        gone = params["TagKeys"]
        self._alarms.change_tags(params["ResourceARN"], lambda tags: {k: v for k, v in tags.items() if k not in gone})
        return {}

    def _list_tags_for_resource(self, params: Params, _: Call) -> Params:
        tags = self._alarms.change_tags(params["ResourceARN"], lambda tags: tags)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _fits(alarm: Alarm, params: Params) -> bool:
    actions = [arn for member in ACTIONS.values() for arn in alarm.settings.get(member, ())]
    return (
        alarm.name in params.get("AlarmNames", [alarm.name])
        and alarm.name.startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue", alarm.state.value) == alarm.state.value
        and ("ActionPrefix" not in params or any(arn.startswith(params["ActionPrefix"]) for arn in actions))
    )


def _check_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise AwsError("InvalidFormat", f"StateReasonData is not valid JSON: {error}.") from error
