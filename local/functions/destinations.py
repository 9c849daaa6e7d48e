"""Where the outcome of an asynchronous invocation goes: its destinations, and the function's dead-letter queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from local.delivery import queue_url
from local.errors import UnsupportedLocally
from local.functions.environment import principal
from local.functions.function import Function
from local.functions.worker import Answer
from local.roles import Clients, NotAssumable
from local.services import Services

_LETTER_MESSAGE_CHARACTERS: Final = 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """The end of an asynchronous invocation. `condition` is Success, RetriesExhausted or EventAgeExceeded."""

    function: Function
    request_id: str
    event: str
    answer: Answer
    attempts: int
    condition: str


class Destinations:
    """Sends invocation records and dead letters to queues, topics and functions."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._senders: dict[str, Callable[[Clients, str, str, dict[str, Any]], None]] = {
            "sqs": _to_queue,
            "sns": _to_topic,
            "lambda": _to_function,
        }

    def check(self, arn: str) -> None:
        """Refuse by name a destination of another kind of service."""
        if arn.split(":")[2:3] not in [[service] for service in self._senders]:
            raise UnsupportedLocally(f"the Lambda destination {arn}")

    def send(self, outcome: Outcome, settings: Mapping[str, Any]) -> None:
        """Send the record where `settings` (an event invoke configuration) says, and a failed event's dead letter."""
        side = "OnSuccess" if outcome.condition == "Success" else "OnFailure"
        destination = settings.get("DestinationConfig", {}).get(side, {}).get("Destination")
        if destination:
            self._deliver(outcome.function, destination, json.dumps(self._record(outcome)), {})
        letters = outcome.function.configuration.get("DeadLetterConfig", {}).get("TargetArn")
        if letters and side == "OnFailure":
            self._deliver(outcome.function, letters, outcome.event, _letter_attributes(outcome))
        if side == "OnFailure" and not destination and not letters:
            _log.warning("%s drops event %s: %s", outcome.function.name, outcome.request_id, outcome.answer.payload)

    def _deliver(self, function: Function, arn: str, body: str, attributes: dict[str, Any]) -> None:
        try:
            clients = self._services.roles.acting(principal(function), source_arn=function.arn)
            self._senders[arn.split(":")[2]](clients, arn, body, attributes)
        except (ClientError, NotAssumable) as error:
            _log.warning("%s could not be sent an event: %s", arn, error)

    def _record(self, outcome: Outcome) -> dict[str, Any]:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": outcome.function.version}
        if outcome.answer.failed:
            response["functionError"] = "Unhandled"
        return {
            "version": "1.0",
            "timestamp": self._services.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "requestContext": {
                "requestId": outcome.request_id,
                "functionArn": f"{outcome.function.arn}:{outcome.function.version}",
                "condition": outcome.condition,
                "approximateInvokeCount": outcome.attempts,
            },
            "requestPayload": json.loads(outcome.event),
            "responseContext": response,
            "responsePayload": json.loads(outcome.answer.payload),
        }


def _to_queue(clients: Clients, arn: str, body: str, attributes: dict[str, Any]) -> None:
    client = clients.client("sqs")
    client.send_message(QueueUrl=queue_url(arn), MessageBody=body, MessageAttributes=attributes)


def _to_topic(clients: Clients, arn: str, body: str, attributes: dict[str, Any]) -> None:
    clients.client("sns").publish(TopicArn=arn, Message=body, MessageAttributes=attributes)


def _to_function(clients: Clients, arn: str, body: str, _: dict[str, Any]) -> None:
    clients.client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=body.encode())


def _letter_attributes(outcome: Outcome) -> dict[str, Any]:
    message = str(json.loads(outcome.answer.payload).get("errorMessage", ""))[:_LETTER_MESSAGE_CHARACTERS]
    return {
        "RequestID": {"DataType": "String", "StringValue": outcome.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": message or "no message"},
    }
