"""EventBridge as a part of the local cloud."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from local.delivery import Delivery, Trouble
from local.events.bus import Bus
from local.events.rule_operations import RuleOperations
from local.events.rules import Rules
from local.events.schedules import Schedules
from local.events.targets import Targets
from local.front import Family
from local.services import Services


class Events:
    """The default bus of one account. `trouble` plays AWS's worst: every event more than once, in no order."""

    def __init__(self, services: Services, *, trouble: Trouble | None = None) -> None:
        self._rules = rules = Rules(services.state.table("events.rules"))
        targets = Targets(services)
        self._delivery = Delivery(services.state.table("events.undelivered"), services.clock, targets, trouble=trouble)
        self._bus = Bus(services, rules, self._delivery)
        self._schedules = Schedules(services.clock, self._bus)
        self._rule_operations = RuleOperations(services, rules, targets, self._schedules)

    def families(self) -> list[Family]:
        """EventBridge."""
        return [Family("events", {**self._rule_operations.handlers(), **self._bus.handlers()})]

    def emit(self, source: str, detail_type: str, detail: dict[str, Any], *, resources: Sequence[str] = ()) -> None:
        """Put an event of an AWS service on the bus; returns before any target is called."""
        # Through JSON and back, so that no target shares the caller's objects.
        self._bus.publish(source, detail_type, json.loads(json.dumps(detail)), resources=resources)

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake what is undelivered. False when time is up."""
        return self._delivery.resting(timeout_seconds)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until every delivery has ended, retries too. False when time is up."""
        return self._delivery.settled(timeout_seconds)

    def resume(self) -> None:
        """Let rules fire from now on, and deliver what was not delivered."""
        for rule in self._rules.listed():
            self._schedules.follow(rule)
        self._delivery.resume()

    def close(self) -> None:
        """Drop what is undelivered and end the threads; no schedule comes due any more."""
        self._schedules.close()
        self._delivery.close()
