"""What can be set on a function beside its configuration: asynchronous invocation, concurrency, tags."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.functions.book import Book
from local.functions.destinations import Destinations
from local.functions.function import Entry
from local.services import Services
from local.wire import Call

_EVENT_INVOKE_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")

Params = dict[str, Any]


class Settings:
    """Handlers that write the side tables of `book`."""

    def __init__(self, services: Services, book: Book, destinations: Destinations) -> None:
        self._services, self._book, self._destinations = services, book, destinations

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "PutFunctionEventInvokeConfig": lambda params, _: self._set_event_invoke(params, before={}),
            "UpdateFunctionEventInvokeConfig": self._update_event_invoke,
            "GetFunctionEventInvokeConfig": self._get_event_invoke,
            "DeleteFunctionEventInvokeConfig": self._delete_event_invoke,
            "PutFunctionConcurrency": self._put_concurrency,
            "GetFunctionConcurrency": self._get_concurrency,
            "DeleteFunctionConcurrency": self._delete_concurrency,
            "TagResource": self._tag_resource,
            "UntagResource": self._untag_resource,
            "ListTags": self._list_tags,
        }

    def _set_event_invoke(self, params: Params, *, before: Params) -> Params:
        name = self._unqualified(params)
        for side in params.get("DestinationConfig", {}).values():
            if side.get("Destination"):
                self._destinations.check(side["Destination"])
        given = {member: params[member] for member in _EVENT_INVOKE_MEMBERS if member in params}
        kept = {**before, **given, "LastModified": self._services.clock.now()}

        def write(entry: Entry) -> None:
            entry.event_invoke = kept

        self._book.change(name, write)
        return self._event_invoke(name, kept)

    def _update_event_invoke(self, params: Params, _: Call) -> Params:
        return self._set_event_invoke(params, before=self._existing_event_invoke(params))

    def _get_event_invoke(self, params: Params, _: Call) -> Params:
        return self._event_invoke(self._unqualified(params), self._existing_event_invoke(params))

    def _delete_event_invoke(self, params: Params, _: Call) -> Params:
        self._existing_event_invoke(params)

        def forget(entry: Entry) -> None:
            entry.event_invoke = None

        self._book.change(self._unqualified(params), forget)
        return {}

    def _existing_event_invoke(self, params: Params) -> Params:
        name = self._unqualified(params)
        kept = self._book.use(name, lambda entry: entry.event_invoke)
        if kept is None:
            message = f"The function {self._book.arn(name)}:$LATEST doesn't have an EventInvokeConfig"
            raise AwsError("ResourceNotFoundException", message, status=404)
        return kept

    def _event_invoke(self, name: str, kept: Params) -> Params:
        modified: datetime = kept["LastModified"]
        destinations = {"OnSuccess": {}, "OnFailure": {}, **kept.get("DestinationConfig", {})}
        arn = f"{self._book.arn(name)}:$LATEST"
        return {**kept, "FunctionArn": arn, "LastModified": modified, "DestinationConfig": destinations}

    def _put_concurrency(self, params: Params, _: Call) -> Params:
        reserved = params["ReservedConcurrentExecutions"]

        def write(entry: Entry) -> None:
            entry.reserved_concurrency = reserved

        self._book.change(params["FunctionName"], write)
        return {"ReservedConcurrentExecutions": reserved}

    def _get_concurrency(self, params: Params, _: Call) -> Params:
        reserved = self._book.use(params["FunctionName"], lambda entry: entry.reserved_concurrency)
        return {"ReservedConcurrentExecutions": reserved}

    def _delete_concurrency(self, params: Params, _: Call) -> Params:
        def forget(entry: Entry) -> None:
            entry.reserved_concurrency = None

        self._book.change(params["FunctionName"], forget)
        return {}

    def _tag_resource(self, params: Params, _: Call) -> Params:
        self._book.change(params["Resource"], lambda entry: entry.tags.update(params["Tags"]))
        return {}

    def _untag_resource(self, params: Params, _: Call) -> Params:
        def untag(entry: Entry) -> None:
            for key in params["TagKeys"]:
                entry.tags.pop(key, None)

        self._book.change(params["Resource"], untag)
        return {}

    def _list_tags(self, params: Params, _: Call) -> Params:
        return {"Tags": self._book.use(params["Resource"], lambda entry: dict(entry.tags))}

    def _unqualified(self, params: Params) -> str:
        name, inside = self._book.parsed(params["FunctionName"])
        if (params.get("Qualifier") or inside or "$LATEST") != "$LATEST":
            raise UnsupportedLocally("asynchronous settings of a function's version or alias")
        return name
