"""The default event bus: what is put on it, whom it goes to, and who else may put."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from local.delivery import Delivery
from local.errors import AwsError, UnsupportedLocally, ValidationError
from local.events.pattern import Pattern
from local.events.payload import payload
from local.events.rules import Rules
from local.events.targets import Shipment
from local.front import Handler
from local.services import Services
from local.state import Table
from local.wire import Call

_LARGEST_REQUEST_BYTES: Final = 1_048_576
_REQUIRED: Final = ("Source", "DetailType", "Detail")
_EVENT_MEMBERS: Final = ("id", "account", "source", "time", "region", "resources", "detail-type")


class Bus:
    """Matches events in memory and hands them to `delivery`, one shipment per target."""

    def __init__(self, services: Services, rules: Rules, delivery: Delivery[Shipment]) -> None:
        self._services, self._rules, self._delivery = services, rules, delivery
        self._arn = f"arn:aws:events:{services.region}:{services.account}:event-bus/default"
        self._statements: Table[dict[str, Any]] = services.state.table("events.permissions")
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """The operations of the bus."""
        return {
            "PutEvents": self._put_events,
            "TestEventPattern": self._test_event_pattern,
            "DescribeEventBus": self._describe_event_bus,
            "ListEventBuses": self._list_event_buses,
            "PutPermission": self._put_permission,
            "RemovePermission": self._remove_permission,
        }

    def publish(
        self,
        source: str,
        detail_type: str,
        detail: dict[str, Any],
        *,
        resources: Sequence[str] = (),
        time: datetime | None = None,
    ) -> str:
        """Put one event on the bus and give its id."""
        event = self._event(source, detail_type, detail, resources=resources, time=time)
        for rule_arn, target in self._rules.matching(event):
            self._ship(event, rule_arn, target)
        return str(event["id"])

    def tick(self, rule_name: str, turn: datetime) -> None:
        """Send the targets of a rule with a schedule what they get at its turns, and nobody else."""
        found = self._rules.scheduled(rule_name)
        if found is None:
            return
        rule_arn, targets = found
        event = self._event("aws.events", "Scheduled Event", {}, resources=[rule_arn], time=turn)
        for target in targets:
            self._ship(event, rule_arn, target)

    def _event(
        self, source: str, detail_type: str, detail: dict[str, Any], *, resources: Sequence[str], time: datetime | None
    ) -> dict[str, Any]:
        """An event in its envelope ("AWS service event metadata")."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self._services.account,
            "time": (time or self._services.clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._services.region,
            "resources": list(resources),
            "detail": detail,
        }

    def _ship(self, event: dict[str, Any], rule_arn: str, target: dict[str, Any]) -> None:
        body = payload(target, event, rule_arn=rule_arn)
        self._delivery.send(Shipment(rule_arn, target, event_id=str(event["id"]), body=body))

    def _put_events(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        if sum(_size_bytes(entry) for entry in params["Entries"]) > _LARGEST_REQUEST_BYTES:
            raise ValidationError("Total size of the entries in the request is over the limit.")
        results = [self._put_event(entry) for entry in params["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def _put_event(self, entry: dict[str, Any]) -> dict[str, str]:
        if entry.get("EventBusName", "default") not in ("default", self._arn):
            raise UnsupportedLocally(f"the event bus {entry['EventBusName']}", reason="it has the default one alone")
        try:
            detail = _checked_detail(entry)
        except AwsError as error:
            return {"ErrorCode": error.code, "ErrorMessage": error.message}
        resources, time = entry.get("Resources", ()), entry.get("Time")
        return {"EventId": self.publish(entry["Source"], entry["DetailType"], detail, resources=resources, time=time)}

    def _test_event_pattern(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        pattern = Pattern(params["EventPattern"])
        try:
            event = json.loads(params["Event"])
        except ValueError as error:
            raise ValidationError(f"Parameter Event is not valid. Reason: {error}.") from error
        missing = [name for name in _EVENT_MEMBERS if name not in event] if isinstance(event, dict) else ["an object"]
        if missing:
            raise ValidationError(f"Parameter Event is not valid. Reason: missing {', '.join(missing)}.")
        return {"Result": pattern.matches(event)}

    def _describe_event_bus(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        check_bus(params.get("Name"), arn=self._arn)
        return self._described()

    def _list_event_buses(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        return {"EventBuses": [self._described()] if "default".startswith(params.get("NamePrefix", "")) else []}

    def _put_permission(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        check_bus(params.get("EventBusName"), arn=self._arn)
        statements = _given_statements(params) if "Policy" in params else [self._made_statement(params)]
        with self._lock:
            self._statements.update({str(statement["Sid"]): statement for statement in statements})
        return {}

    def _remove_permission(self, params: dict[str, Any], _: Call) -> dict[str, Any]:
        check_bus(params.get("EventBusName"), arn=self._arn)
        with self._lock:
            if params.get("RemoveAllPermissions"):
                self._statements.clear()
            elif self._statements.pop(params.get("StatementId", ""), None) is None:
                raise AwsError("ResourceNotFoundException", "Statement with the provided id does not exist.")
        return {}

    def _described(self) -> dict[str, Any]:
        with self._lock:
            statements = list(self._statements.values())
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None
        return {"Name": "default", "Arn": self._arn, "Policy": policy}

    def _made_statement(self, params: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in ("Action", "Principal", "StatementId") if name not in params]
        if missing:
            raise ValidationError(f"Parameter {missing[0]} must be specified.")
        principal = params["Principal"]
        statement = {
            "Sid": params["StatementId"],
            "Effect": "Allow",
            "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
            "Action": params["Action"],
            "Resource": self._arn,
        }
        if condition := params.get("Condition"):
            statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
        return statement


def check_bus(name: str | None, *, arn: str) -> None:
    """Raise AwsError `ResourceNotFoundException` for a bus other than the default one, given by name or ARN."""
    if name not in (None, "default", arn):
        short = str(name).rpartition("/")[2]
        raise AwsError("ResourceNotFoundException", f"Event bus {short} does not exist.")


def _checked_detail(entry: dict[str, Any]) -> dict[str, Any]:
    for name in _REQUIRED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            raise AwsError("InvalidArgument", reason)
    if entry["Source"].startswith("aws."):
        raise AwsError("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except ValueError as error:
        raise AwsError("MalformedDetail", "Detail is malformed.") from error
    if not isinstance(detail, dict):
        raise AwsError("MalformedDetail", "Detail is malformed.")
    return detail


def _given_statements(params: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        statements = json.loads(params["Policy"])["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        return [{"Sid": str(uuid.uuid4()), **statement} for statement in listed]
    except (ValueError, KeyError, TypeError) as error:
        raise ValidationError("This policy contains invalid Json") from error


def _size_bytes(entry: dict[str, Any]) -> int:
    texts = [entry.get(name, "") for name in _REQUIRED] + list(entry.get("Resources", ()))
    return (14 if "Time" in entry else 0) + sum(len(text.encode()) for text in texts)
