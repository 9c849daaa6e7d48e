"""Custom resources: a function or a topic is told what to do, and answers to a URL (User Guide, Custom resources)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from local.cloudformation.errors import HalfMade, ResourceFailed
from local.cloudformation.mailbox import Letter
from local.cloudformation.masking import Masked
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required

_LONGEST_SECONDS: Final = 3600
_LARGEST_BYTES: Final = 4096
_LARGEST_ID_BYTES: Final = 1024

Verb = Literal["Create", "Update", "Delete"]


@dataclass(frozen=True)
class Answer:
    """What a custom resource has answered."""

    succeeded: bool
    reason: str = ""
    physical_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class CustomResource(Provisioner):
    """A resource of a `Custom::` type, or of `AWS::CloudFormation::CustomResource`."""

    schema = Schema(
        type="AWS::CloudFormation::CustomResource",
        properties=frozenset({"ServiceTimeout", "ServiceToken"}),
        fixed=frozenset({"ServiceToken"}),
        open=True,
    )

    def create(self, request: Request) -> str:
        """Ask for the resource to be made. What is given up or fails is deleted all the same, as on AWS."""
        _patience_seconds(request)
        _provider(request)
        try:
            answer = _asked(request, "Create")
            if answer.succeeded:
                request.notes["data"] = answer.data
                return _checked_id(answer)
        except ResourceFailed as error:
            raise HalfMade(str(error), physical_id=request.name) from error
        raise HalfMade(answer.reason, physical_id=answer.physical_id or request.name)

    def update(self, request: Request) -> str | None:
        """Ask for the change. Another physical id in the answer means that a new resource stands for the old one."""
        answer = _asked(request, "Update")
        if not answer.succeeded:
            raise ResourceFailed(answer.reason)
        request.notes["data"] = answer.data
        return _checked_id(answer)

    def delete(self, request: Request) -> None:
        """Ask for the resource to be removed."""
        try:
            answer = _asked(request, "Delete")
        except ClientError as error:
            # A function that is gone cannot have removed anything.
            said = error.response["Error"]
            raise ResourceFailed(f"{said.get('Message', '')} (Error Code: {said['Code']})") from error
        if not answer.succeeded:
            raise ResourceFailed(answer.reason)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The data of the last answer, by key."""
        return dict(request.notes.get("data", request.known))


def _asked(request: Request, verb: Verb) -> Answer:
    assert request.mailbox is not None
    letter, request_id = request.mailbox.open(), str(uuid.uuid4())
    try:
        _send(request, json.dumps(_message(request, verb, letter, request_id)))
        clock = request.services.clock
        deadline = clock.now() + timedelta(seconds=_patience_seconds(request))
        request.wait_until(lambda: letter.body is not None or clock.now() >= deadline)
    finally:
        request.mailbox.shut(letter)
    if letter.body is None:
        raise ResourceFailed(
            "CloudFormation did not receive a response from your Custom Resource. "
            f"Please check your logs for requestId [{request_id}]."
        )
    return _read(letter.body, request_id)


def _message(request: Request, verb: Verb, letter: Letter, request_id: str) -> dict[str, Any]:
    message = {
        "RequestType": verb,
        "ServiceToken": request.properties["ServiceToken"],
        "ResponseURL": letter.url,
        "StackId": request.stack.id,
        "RequestId": request_id,
        "LogicalResourceId": request.logical_id,
        "ResourceType": request.type,
        "ResourceProperties": _as_text(request.properties),
    }
    if verb != "Create":
        message["PhysicalResourceId"] = request.physical_id
    if verb == "Update":
        message["OldResourceProperties"] = _as_text(request.before)
    return message


def _as_text(value: Any) -> Any:
    """The properties as CloudFormation passes them on: every number and boolean as text."""
    if isinstance(value, Mapping):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _send(request: Request, message: str) -> None:
    token = request.properties["ServiceToken"]
    if _provider(request) == "lambda":
        request.call("lambda", "invoke", FunctionName=token, InvocationType="Event", Payload=message.encode())
    else:
        subject = "AWS CloudFormation custom resource request"
        request.call("sns", "publish", TopicArn=token, Message=message, Subject=subject)


def _provider(request: Request) -> str:
    token = str(required(request, "ServiceToken"))
    service = token.split(":")[2] if token.count(":") > 4 else ""
    if service not in ("lambda", "sns"):
        raise ResourceFailed(f"Invalid service token: {token} is the ARN of no function and no topic.")
    return service


def _patience_seconds(request: Request) -> int:
    given = request.properties.get("ServiceTimeout", _LONGEST_SECONDS)
    try:
        seconds = int(given)
    except (TypeError, ValueError):
        seconds = 0
    if not 1 <= seconds <= _LONGEST_SECONDS:
        raise ResourceFailed(f"ServiceTimeout must be a number from 1 to {_LONGEST_SECONDS}, and not {given}.")
    return seconds


def _read(body: bytes, request_id: str) -> Answer:
    if len(body) > _LARGEST_BYTES:
        raise ResourceFailed("Response object is too long.")
    try:
        said = json.loads(body)
        status, data = said["Status"], said.get("Data") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResourceFailed("Invalid Response object: Value is not a response of a custom resource.") from error
    if status not in ("SUCCESS", "FAILED") or not isinstance(data, dict):
        raise ResourceFailed("Invalid Response object: Status must be SUCCESS or FAILED, and Data an object.")
    if said.get("NoEcho") in (True, "true"):
        data = {key: Masked(value) if isinstance(value, str) else value for key, value in data.items()}
    reason = (
        f"Received response status [FAILED] from custom resource. Message returned: {said.get('Reason', '')} "
        f"(RequestId: {request_id})"
    )
    return Answer(status == "SUCCESS", reason, str(said.get("PhysicalResourceId") or ""), data)


def _checked_id(answer: Answer) -> str:
    if not answer.physical_id or len(answer.physical_id.encode()) > _LARGEST_ID_BYTES:
        raise ResourceFailed("Invalid PhysicalResourceId")
    return answer.physical_id


TYPES = (CustomResource(),)
