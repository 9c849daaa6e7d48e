"""CloudTrail as a part of the cloud: LookupEvents over the history, which is the front's trail."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError
from local.front import Family, Params
from local.services import Services
from local.trail.event import Event
from local.trail.history import History
from local.wire import Call

_PAGE: Final = 50


class CloudTrail:
    """The family, of which event history is all: no trail delivers anything here, so none can be made."""

    def __init__(self, services: Services) -> None:
        self._account = services.account
        self.history = History(services)

    def families(self) -> list[Family]:
        """CloudTrail."""
        return [Family("cloudtrail", {"LookupEvents": self._lookup})]

    def resume(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing runs by itself."""

    def _lookup(self, params: Params, _: Call) -> dict[str, Any]:
        since, until = params.get("StartTime"), params.get("EndTime")
        if since and until and since > until:
            raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.")
        attributes = params.get("LookupAttributes", [])
        if len(attributes) > 1:
            raise AwsError("InvalidLookupAttributesException", "You can specify only one attribute.")
        if params.get("EventCategory"):
            return {"Events": []}  # the one category that can be named is Insights
        before = _before(params["NextToken"]) if "NextToken" in params else None
        found = _within(self.history.newest_first(before), since, until)
        wanted = (
            event for event in found if all(event.found_by(a["AttributeKey"], a["AttributeValue"]) for a in attributes)
        )
        size = params.get("MaxResults", _PAGE)
        page = list(itertools.islice(wanted, size + 1))
        more = {"NextToken": _token(page[size - 1])} if len(page) > size else {}
        return {"Events": [event.told(self._account) for event in page[:size]], **more}


def _within(events: Iterable[Event], since: datetime | None, until: datetime | None) -> Iterator[Event]:
    for event in events:
        # Seconds are what CloudTrail tells, and what it is asked in.
        second = event.time.replace(microsecond=0)
        if (since is None or second >= since) and (until is None or second <= until):
            yield event


def _token(last: Event) -> str:
    # New events come in front: a page goes on after the last event of the one before, wherever that has moved to.
    return base64.urlsafe_b64encode(f"before {last.number}".encode()).decode()


def _before(token: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "before":
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise AwsError("InvalidNextTokenException", "The token is not valid.") from error
    raise AwsError("InvalidNextTokenException", "The token is not valid.")
