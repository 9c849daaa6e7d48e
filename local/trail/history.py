"""The history of events: bounded in number, size and age."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from local.errors import StateError
from local.iam.issued import Issued, UnknownKey
from local.iam.principals import Principal
from local.requests import Asked
from local.seams import Outcome
from local.services import Services
from local.state import Table
from local.trail import elements
from local.trail.catalogue import in_history, resources
from local.trail.event import Event
from local.transport import CLOUD

_log = logging.getLogger(__name__)
_MOST_EVENTS: Final = 20_000
_MOST_BYTES: Final = 48 * 1024 * 1024
_LONGEST: Final = timedelta(days=90)
_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id")


class History:
    """Notes what was asked for, as far as CloudTrail's event history has it, and forgets the oldest."""

    def __init__(self, services: Services) -> None:
        self._now = services.clock.now
        self._issued = Issued(account=services.account)
        self._events: Table[Event] = services.state.table("cloudtrail.events")
        self._last = max((event.number for event in self._events.values()), default=0)
        self._bytes = sum(event.size for event in self._events.values())
        self._lock = threading.Lock()

    def note(self, asked: Asked, outcome: Outcome) -> None:
        """Note a request and how it ended, unless it is a data event, of no known service, or of nobody known.

        What the cloud asks itself on nobody's behalf is left out too: AWS has no calls for that.
        """
        if not asked.service or not in_history(asked.service, asked.operation, asked.params):
            return
        if asked.access_key_id == CLOUD:
            return
        try:
            caller = self._issued.caller(asked.access_key_id)
        except UnknownKey:
            return
        try:
            with self._lock:
                event = _event(self._last + 1, asked, outcome, caller=caller, time=self._now())
                self._events[str(event.number)] = event
                self._last += 1
                self._bytes += event.size
                self._forget()
        except StateError as error:  # what was asked for has been done, or was only read
            _log.warning("%s:%s is not noted: %s", asked.service, asked.operation, error)

    def newest_first(self, before: int | None = None) -> Iterator[Event]:
        """All events, or those before the one of a number."""
        with self._lock:
            events = list(self._events.values())
        return (event for event in reversed(events) if before is None or event.number < before)

    def _forget(self) -> None:
        horizon = self._now() - _LONGEST
        while self._events:
            oldest = next(iter(self._events.values()))
            if len(self._events) <= _MOST_EVENTS and self._bytes <= _MOST_BYTES and oldest.time >= horizon:
                return
            del self._events[str(oldest.number)]
            self._bytes -= oldest.size


def _event(number: int, asked: Asked, outcome: Outcome, *, caller: Principal, time: datetime) -> Event:
    code, message = elements.failure(asked, outcome)
    return Event(
        number=number,
        id=str(uuid.uuid4()),
        time=time,
        service=asked.service,
        operation=asked.operation,
        region=asked.region,
        caller=caller,
        access_key_id=asked.access_key_id,
        source_ip=asked.source_ip,
        user_agent=asked.user_agent,
        request_id=_told_id(outcome) or asked.id,
        read_only=not asked.mutates,
        parameters=elements.parameters(asked),
        elements=elements.results(asked, outcome),
        resources=tuple(resources(asked.service, asked.params)),
        error_code=code,
        error_message=message,
    )


def _told_id(outcome: Outcome) -> str:
    told = (value for name, value in outcome.reply.headers.items() if name.lower() in _REQUEST_IDS)
    return next(told, "")
