"""Rules that fire by the clock: when each is due, as long as it is enabled."""

from __future__ import annotations

import re
from typing import Final

from local.clock import Clock
from local.errors import ValidationError
from local.events.bus import Bus
from local.events.rules import Rule
from local.timetable import AlarmClock, timetable

_PLURAL: Final = re.compile(r"rate\(\s*(1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\s*\)")


class Schedules:
    """Has the bus send a rule's targets an event at each of its turns. A rate counts from when its rule was put."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._alarm = AlarmClock(clock, bus.tick)

    def check(self, expression: str) -> None:
        """Raise ValidationError for what is neither a rate nor six fields of cron, in UTC.

        A rate of one has its unit in the singular, any other in the plural ("Schedule expressions using rate").
        """
        wrong = ValidationError("Parameter ScheduleExpression is not valid.")
        if expression.startswith("at(") or (expression.startswith("rate(") and not _PLURAL.fullmatch(expression)):
            raise wrong
        try:
            timetable(expression, since=self._clock.now())
        except ValueError as error:
            raise wrong from error

    def follow(self, rule: Rule) -> None:
        """Fire by a rule's schedule from now on, or not at all when it has none or is disabled."""
        if rule.schedule and rule.delivers:
            self._alarm.set(rule.name, timetable(rule.schedule, since=rule.since))
        else:
            self._alarm.drop(rule.name)

    def forget(self, name: str) -> None:
        """Fire no more for a rule."""
        self._alarm.drop(name)

    def close(self) -> None:
        """Fire no more."""
        self._alarm.close()
