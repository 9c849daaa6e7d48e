"""The services that a schedule can call, each with the credentials of the schedule's role."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from local.delivery import Failure, error_code
from local.errors import AwsError, ValidationError
from local.permission import allows
from local.services import Services

_PRINCIPAL: Final = "scheduler.amazonaws.com"
# Retries follow the schedule's policy and the cloud's clock; boto3's own would take wall time behind their back.
_NO_RETRIES: Final = Config(retries={"total_max_attempts": 1})
_GOOD_SECONDS: Final = 2700.0
"""Credentials are good for an hour."""


@dataclass(frozen=True)
class Turn:
    """One turn of one schedule, on its way to the target."""

    schedule_arn: str
    group_arn: str
    target: Mapping[str, Any]
    at: datetime
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])


class Targets:
    """Calls a target's service as the schedule's role. Errors are boto3's ClientError or AwsError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clients: dict[tuple[str, str], tuple[float, Any]] = {}
        self._lock = threading.Lock()
        self._senders: dict[str, Callable[[Turn, str], None]] = {
            "lambda": self._invoke_function,
            "sns": self._publish,
            "sqs": self._send_message,
        }

    def check_role(self, role_arn: str, *, group_arn: str) -> None:
        """Raise ValidationError unless the role exists and trusts EventBridge Scheduler for this group."""
        refused = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        try:
            role = self._services.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
        except ClientError as error:
            raise ValidationError(refused) from error
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        if role["Arn"] != role_arn or not allows(trust, _PRINCIPAL, action="sts:AssumeRole", source_arn=group_arn):
            raise ValidationError(refused)

    def send(self, turn: Turn, *, attempt: int) -> None:
        """Deliver once."""
        self._senders[turn.target["Arn"].split(":")[2]](turn, self._input(turn, attempt))

    def bury(self, turn: Turn, failure: Failure) -> None:
        """Send the input of a failed turn to the dead-letter queue ("Retrieve the dead-letter event")."""
        error = failure.error
        message = error.response["Error"].get("Message", "") if isinstance(error, ClientError) else error.message
        attributes = {
            "ERROR_CODE": error_code(error),
            "ERROR_MESSAGE": message or "Unknown",
            "EXECUTION_ID": turn.id,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(failure.retries),
            "SCHEDULED_TIME": _text(turn.at),
            "SCHEDULE_ARN": turn.schedule_arn,
            "TARGET_ARN": turn.target["Arn"],
        }
        if failure.exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = failure.exhausted
        described = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}
        queue, body = turn.target["DeadLetterConfig"]["Arn"], self._input(turn, failure.retries + 1)
        self._to_queue(turn, queue, body, MessageAttributes=described)

    def _input(self, turn: Turn, attempt: int) -> str:
        """What the target is sent, with the attributes of the turn filled in ("Adding context attributes")."""
        given = turn.target.get("Input") or self._notification(turn)
        attributes = {
            "schedule-arn": turn.schedule_arn,
            "scheduled-time": _text(turn.at),
            "execution-id": turn.id,
            "attempt-number": str(attempt),
        }
        for name, value in attributes.items():
            given = given.replace(f"<aws.scheduler.{name}>", value)
        return str(given)

    def _notification(self, turn: Turn) -> str:
        return json.dumps(
            {
                "version": "0",
                "id": str(uuid.uuid5(uuid.NAMESPACE_OID, turn.id)),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": self._services.account,
                "time": _text(turn.at),
                "region": self._services.region,
                "resources": [turn.schedule_arn],
                "detail": "{}",
            }
        )

    def _invoke_function(self, turn: Turn, body: str) -> None:
        self._client("lambda", turn).invoke(
            FunctionName=turn.target["Arn"], InvocationType="Event", Payload=body.encode()
        )

    def _publish(self, turn: Turn, body: str) -> None:
        self._client("sns", turn).publish(TopicArn=turn.target["Arn"], Message=body)

    def _send_message(self, turn: Turn, body: str) -> None:
        group = turn.target.get("SqsParameters", {}).get("MessageGroupId")
        fifo = {"MessageGroupId": group, "MessageDeduplicationId": turn.id} if group else {}
        self._to_queue(turn, turn.target["Arn"], body, **fifo)

    def _to_queue(self, turn: Turn, arn: str, body: str, **more: Any) -> None:
        client = self._client("sqs", turn)
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=body, **more)

    def _client(self, name: str, turn: Turn) -> Any:
        role = turn.target["RoleArn"]
        with self._lock:
            made_at, client = self._clients.get((name, role), (-_GOOD_SECONDS, None))
            if client is None or time.monotonic() - made_at > _GOOD_SECONDS:
                client = self._assumed(name, turn)
                self._clients[name, role] = time.monotonic(), client
            return client

    def _assumed(self, name: str, turn: Turn) -> Any:
        role = turn.target["RoleArn"]
        try:
            self.check_role(role, group_arn=turn.group_arn)
        except ValidationError as error:
            raise AwsError("AccessDeniedException", error.message, status=403) from error
        given = self._services.client("sts").assume_role(RoleArn=role, RoleSessionName=turn.id)["Credentials"]
        session: Any = self._services.session()
        return session.client(
            name,
            config=_NO_RETRIES,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
