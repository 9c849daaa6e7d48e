"""The operations on schedules."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from local.delivery import Delivery
from local.front import Handler
from local.paging import page
from local.scheduler.book import DEFAULT, Book
from local.scheduler.checks import check_expression, check_request
from local.scheduler.schedule import Schedule
from local.scheduler.targets import Targets, Turn
from local.services import Services
from local.state import Table
from local.timetable import AlarmClock, Once
from local.wire import Call

Params = dict[str, Any]

_PAGE: Final = 100
_DEFAULTS: Final = {
    "ActionAfterCompletion": "NONE",
    "GroupName": DEFAULT,
    "ScheduleExpressionTimezone": "UTC",
    "State": "ENABLED",
}
_RETRIES: Final = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
"""What holds for a target without a retry policy (API Reference, RetryPolicy)."""


class ScheduleOperations:
    """Handlers over `book`; at each of its turns a schedule's target is called by `delivery`."""

    def __init__(self, services: Services, book: Book, targets: Targets, delivery: Delivery[Turn]) -> None:
        self._clock, self._book, self._targets, self._delivery = services.clock, book, targets, delivery
        self._alarm = AlarmClock(services.clock, self._turn)
        self._tokens: Table[str] = services.state.table("scheduler.tokens")

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateSchedule": self._create,
            "DeleteSchedule": self._delete,
            "GetSchedule": self._get,
            "ListSchedules": self._list,
            "UpdateSchedule": self._update,
        }

    def resume(self) -> None:
        """Take the turns to come; of those that were missed, only a schedule of one time takes its own, late."""
        for schedule in self._book.schedules():
            if missed := self._missed(schedule):
                self._turn(schedule.key, missed)
            else:
                self._follow(schedule)

    def forget(self, key: str) -> None:
        """Take no more turns for a schedule."""
        self._alarm.drop(key)

    def close(self) -> None:
        """Take no more turns."""
        self._alarm.close()

    def _create(self, params: Params, _: Call) -> Params:
        token = params.get("ClientToken", "")
        if token in self._tokens and self._book.find(_key(params)) is not None:
            return {"ScheduleArn": self._tokens[token]}
        check_request(params, now=self._clock.now())
        schedule = self._made(params, created_at=self._clock.now())
        self._book.add(schedule)
        self._follow(schedule)
        arn = str(schedule.members["Arn"])
        if token:
            self._tokens[token] = arn
        return {"ScheduleArn": arn}

    def _update(self, params: Params, _: Call) -> Params:
        before = self._book.schedule(_key(params)).members
        kept = {name for name in ("StartDate", "EndDate") if params.get(name) == before.get(name)}
        check_request({name: v for name, v in params.items() if name not in kept}, now=self._clock.now())
        schedule = self._made(params, created_at=before["CreationDate"])
        self._book.replace(schedule)
        self._follow(schedule)
        return {"ScheduleArn": schedule.members["Arn"]}

    def _get(self, params: Params, _: Call) -> Params:
        return dict(self._book.schedule(_key(params)).members)

    def _delete(self, params: Params, _: Call) -> Params:
        self._book.remove(_key(params))
        self.forget(_key(params))
        return {}

    def _list(self, params: Params, _: Call) -> Params:
        if "GroupName" in params:
            self._book.group(params["GroupName"])
        found = [schedule.listed() for schedule in self._book.schedules() if _fits(schedule.members, params)]
        size, token = params.get("MaxResults", _PAGE), params.get("NextToken")
        shown, following = page(found, size=size, token=token, code="ValidationException")
        return {"Schedules": shown, "NextToken": following}

    def _missed(self, schedule: Schedule) -> datetime | None:
        turns = schedule.turns()
        if not isinstance(turns, Once) or not schedule.enabled or self._book.taken(schedule.key):
            return None
        since = schedule.members["LastModificationDate"]
        return turns.at if since < turns.at <= self._clock.now() else None

    def _made(self, params: Params, *, created_at: datetime) -> Schedule:
        given = {name: value for name, value in params.items() if name != "ClientToken"}
        target = {**given["Target"], "RetryPolicy": {**_RETRIES, **given["Target"].get("RetryPolicy", {})}}
        members = {**_DEFAULTS, **given, "Target": target}
        members["Arn"] = self._book.schedule_arn(members["GroupName"], members["Name"])
        schedule = Schedule({**members, "CreationDate": created_at, "LastModificationDate": self._clock.now()})
        check_expression(schedule)
        self._book.group(members["GroupName"])
        self._targets.check_role(target["RoleArn"], group_arn=self._book.group_arn(members["GroupName"]))
        return schedule

    def _follow(self, schedule: Schedule) -> None:
        if schedule.enabled:
            self._alarm.set(schedule.key, schedule.turns())
        else:
            self._alarm.drop(schedule.key)

    def _turn(self, key: str, at: datetime) -> None:
        schedule = self._book.find(key)
        if schedule is None:
            return
        members = schedule.members
        group_arn = self._book.group_arn(members["GroupName"])
        turn = Turn(str(members["Arn"]), group_arn, members["Target"], at)
        self._delivery.send(turn, after=_delay(schedule, at))
        if schedule.turns().following(at) is not None:
            return
        if members["ActionAfterCompletion"] == "DELETE":
            self.forget(key)
            self._book.remove(key)
        else:
            self._book.take(key, at)


def _key(params: Mapping[str, Any]) -> str:
    return f"{params.get('GroupName', DEFAULT)}/{params['Name']}"


def _fits(members: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    same = all(params.get(name, members[name]) == members[name] for name in ("GroupName", "State"))
    return same and str(members["Name"]).startswith(params.get("NamePrefix", ""))


def _delay(schedule: Schedule, at: datetime) -> timedelta:
    # Somewhere in the window, and for the same turn always at the same place.
    return schedule.window * random.Random(f"{schedule.key} {at}").random()
