"""EventBridge Scheduler as a part of the local cloud."""

from __future__ import annotations

from local.delivery import Delivery
from local.front import Family
from local.scheduler.book import Book
from local.scheduler.group_operations import GroupOperations
from local.scheduler.schedule_operations import ScheduleOperations
from local.scheduler.targets import Targets
from local.services import Services


class Scheduler:
    """The schedules of one account."""

    def __init__(self, services: Services) -> None:
        prefix = f"arn:aws:scheduler:{services.region}:{services.account}"
        book, targets = Book(prefix, services.state, now=services.clock.now()), Targets(services)
        self._delivery = Delivery(services.state.table("scheduler.undelivered"), services.clock, targets)
        self._schedules = ScheduleOperations(services, book, targets, self._delivery)
        self._groups = GroupOperations(services.clock, book, self._schedules.forget)

    def families(self) -> list[Family]:
        """EventBridge Scheduler."""
        return [Family("scheduler", {**self._schedules.handlers(), **self._groups.handlers()})]

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake what is undelivered. False when time is up."""
        return self._delivery.resting(timeout_seconds)

    def resume(self) -> None:
        """Take turns from now on, and deliver what was not delivered."""
        self._delivery.resume()  # first: turns that were missed are sent next
        self._schedules.resume()

    def close(self) -> None:
        """Drop what is undelivered and end the threads; no schedule comes due any more."""
        self._schedules.close()
        self._delivery.close()
