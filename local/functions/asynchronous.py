"""Events that a function handles on its own time: kept until it succeeds or gives up, retried, and sent on."""

from __future__ import annotations

import dataclasses
import functools
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from local.background import Background
from local.errors import AwsError, StateError
from local.functions.book import Book
from local.functions.destinations import Destinations, Outcome
from local.functions.function import Function
from local.functions.run import Runner
from local.functions.worker import Answer, Invocation
from local.services import Services
from local.state import Table

_DEFAULT_RETRIES: Final = 2
_DEFAULT_AGE_SECONDS: Final = 21_600
_RETRY_PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=2))
_LONGEST_THROTTLE_SECONDS: Final = 300

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Order:
    name: str
    version: str
    event: str
    since: datetime
    due: datetime
    request_id: str
    attempts: int = 0
    throttled: int = 0


class Asynchronous:
    """Works through events as Lambda does ("How Lambda handles errors and retries with asynchronous invocation")."""

    def __init__(self, services: Services, book: Book, runner: Runner, destinations: Destinations) -> None:
        self._clock, self._book, self._runner = services.clock, book, runner
        self._destinations = destinations
        self._orders: Table[_Order] = services.state.table("functions.orders")
        self._background = Background("lambda", services.clock, threads=16)

    def accept(self, function: Function, event: str) -> None:
        """Take an event, JSON text, and return. Raises StateError when it cannot be kept."""
        now = self._clock.now()
        order = _Order(function.name, function.version, event, since=now, due=now, request_id=str(uuid.uuid4()))
        self._orders[order.request_id] = order
        self._background.submit(lambda: self._attempt(order))

    def resume(self) -> None:
        """Work through what the process before was not done with; what it had begun begins again."""
        for order in list(self._orders.values()):
            self._background.at(order.due, functools.partial(self._attempt, order))

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake what is unfinished. False when time is up."""
        return self._background.resting(timeout_seconds)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until every event has been dealt with, retries too. False when time is up."""
        return self._background.settled(timeout_seconds)

    def close(self) -> None:
        """Drop what is unfinished and end the threads."""
        self._background.close()

    def _attempt(self, order: _Order) -> None:
        try:
            function = self._book.find(order.name, order.version)
            settings = self._book.use(order.name, lambda entry: dict(entry.event_invoke or {}))
            arn = function.described()["FunctionArn"]
            answer, _ = self._runner.run(function, Invocation(order.request_id, arn, order.event))
        except AwsError as error:
            self._refused(order, error)
        else:
            self._answered(dataclasses.replace(order, attempts=order.attempts + 1), function, answer, settings=settings)

    def _again(self, order: _Order, pause: timedelta) -> None:
        order = dataclasses.replace(order, due=self._clock.now() + pause)
        try:
            self._orders[order.request_id] = order
        except StateError as error:
            _log.warning("an attempt is not counted: %s", error)
        self._background.later(pause, lambda: self._attempt(order))

    def _done(self, order: _Order) -> None:
        try:
            self._orders.pop(order.request_id, None)
        except StateError as error:
            _log.warning("%s will handle an event again after a restart: %s", order.name, error)

    def _answered(self, order: _Order, function: Function, answer: Answer, *, settings: dict[str, Any]) -> None:
        pause = _RETRY_PAUSES[min(order.attempts, len(_RETRY_PAUSES)) - 1]
        age_seconds = settings.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)
        if not answer.failed:
            condition = "Success"
        elif order.attempts > settings.get("MaximumRetryAttempts", _DEFAULT_RETRIES):
            condition = "RetriesExhausted"
        elif self._age(order) + pause > timedelta(seconds=age_seconds):
            condition = "EventAgeExceeded"
        else:
            self._again(order, pause)
            return
        outcome = Outcome(function, order.request_id, order.event, answer, attempts=order.attempts, condition=condition)
        self._destinations.send(outcome, settings)
        self._done(order)

    def _refused(self, order: _Order, error: AwsError) -> None:
        waited_too_long = self._age(order) > timedelta(seconds=_DEFAULT_AGE_SECONDS)
        if error.code != "TooManyRequestsException" or waited_too_long:
            _log.warning("%s drops event %s: %s", order.name, order.request_id, error)
            self._done(order)
            return
        pause = timedelta(seconds=min(2**order.throttled, _LONGEST_THROTTLE_SECONDS))
        self._again(dataclasses.replace(order, throttled=order.throttled + 1), pause)

    def _age(self, order: _Order) -> timedelta:
        return self._clock.now() - order.since
