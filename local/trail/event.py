"""One event of the history, kept as it was noted and told as CloudTrail tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.iam.principals import Principal
from local.trail.catalogue import event_name, event_source


@dataclass(frozen=True)
class Event:
    """What was asked, by whom, and how it ended.

    `parameters` and `elements` are JSON, "" where CloudTrail tells none; `resources` are types with names.
    """

    number: int
    id: str
    time: datetime
    service: str
    operation: str
    region: str
    caller: Principal
    access_key_id: str
    source_ip: str
    user_agent: str
    request_id: str
    read_only: bool
    parameters: str
    elements: str
    resources: tuple[tuple[str, str], ...]
    error_code: str
    error_message: str

    @property
    def name(self) -> str:
        """The event's name, which is the operation's but for some of Lambda's."""
        return event_name(self.service, self.operation)

    @property
    def source(self) -> str:
        """Such as `sagemaker.amazonaws.com`."""
        return event_source(self.service)

    @property
    def user(self) -> str:
        """The user's name, the session's name of a role, `root`, or a service's name."""
        return "root" if self.caller.kind == "root" else self.caller.arn.rpartition("/")[2]

    @property
    def size(self) -> int:
        """Roughly, in bytes of memory."""
        return 2_000 + len(self.parameters) + len(self.elements)

    def found_by(self, key: str, value: str) -> bool:
        """Whether a look-up attribute of LookupEvents, such as `EventName`, has this value."""
        if key == "ResourceType":
            return any(kind == value for kind, _ in self.resources)
        if key == "ResourceName":
            return any(name == value for _, name in self.resources)
        own = {
            "EventId": self.id,
            "EventName": self.name,
            "EventSource": self.source,
            "ReadOnly": _spelt(self.read_only),
            "Username": self.user,
            "AccessKeyId": self.access_key_id,
        }
        return own[key] == value

    def told(self, account: str) -> dict[str, Any]:
        """As LookupEvents gives it (`Event`)."""
        return {
            "EventId": self.id,
            "EventName": self.name,
            "ReadOnly": _spelt(self.read_only),
            "AccessKeyId": self.access_key_id,
            "EventTime": self.time,
            "EventSource": self.source,
            "Username": self.user,
            "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in self.resources],
            "CloudTrailEvent": json.dumps(self.record(account)),
        }

    def record(self, account: str) -> dict[str, Any]:
        """The record itself (CloudTrail User Guide, "CloudTrail record contents", version 1.11)."""
        failed = {"errorCode": self.error_code, "errorMessage": self.error_message} if self.error_code else {}
        return {
            "eventVersion": "1.11",
            "userIdentity": _identity(self.caller, self.access_key_id, self.user),
            "eventTime": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": self.source,
            "eventName": self.name,
            "awsRegion": self.region,
            "sourceIPAddress": self.source_ip,
            "userAgent": self.user_agent,
            **failed,
            "requestParameters": json.loads(self.parameters or "null"),
            "responseElements": json.loads(self.elements or "null"),
            "requestID": self.request_id,
            "eventID": self.id,
            "readOnly": self.read_only,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        }


def _identity(caller: Principal, access_key_id: str, user: str) -> dict[str, Any]:
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": caller.arn}
    if caller.kind == "anonymous":
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    known = {
        "principalId": caller.id or caller.account,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": access_key_id,
    }
    if caller.kind == "root":
        return {"type": "Root", **known}
    if caller.kind == "user":
        return {"type": "IAMUser", **known, "userName": user}
    issuer = {
        "type": "Role",
        "principalId": caller.id.partition(":")[0],
        "arn": caller.role,
        "accountId": caller.account,
        "userName": caller.role.rpartition("/")[2],
    }
    return {"type": "AssumedRole", **known, "sessionContext": {"sessionIssuer": issuer, "attributes": {}}}


def _spelt(value: bool) -> str:
    return "true" if value else "false"
