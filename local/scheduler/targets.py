"""The services that a schedule can call, each with the credentials of the schedule's role."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from local.delivery import Failure, error_code, queue_url
from local.errors import AwsError, ValidationError
from local.roles import NotAssumable, Principal, Roles
from local.services import Services

_PRINCIPAL: Final = "scheduler.amazonaws.com"
# Retries follow the schedule's policy and the cloud's clock; boto3's own would take wall time behind their back.
_NO_RETRIES: Final = Config(retries={"total_max_attempts": 1})
_SESSION_NAME: Final = "scheduler"
_NO_TRUST: Final = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


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
        self._roles = Roles(services, config=_NO_RETRIES)
        self._senders: dict[str, Callable[[Turn, str], None]] = {
            "lambda": self._invoke_function,
            "sagemaker": self._start_pipeline,
            "sns": self._publish,
            "sqs": self._send_message,
        }

    def check_role(self, role_arn: str, *, group_arn: str) -> None:
        """Raise ValidationError unless the role exists and trusts EventBridge Scheduler for this group."""
        try:
            self._roles.check(role_arn, service=_PRINCIPAL, source_arn=group_arn)
        except NotAssumable as error:
            raise ValidationError(_NO_TRUST) from error

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

    def _start_pipeline(self, turn: Turn, _: str) -> None:
        parameters = turn.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
        self._client("sagemaker", turn).start_pipeline_execution(
            PipelineName=turn.target["Arn"].rpartition("/")[2],
            PipelineParameters=parameters,
            # The same for each attempt of a turn: one that seemed to fail is not repeated beside itself.
            ClientRequestToken=turn.id * 2,
        )

    def _publish(self, turn: Turn, body: str) -> None:
        self._client("sns", turn).publish(TopicArn=turn.target["Arn"], Message=body)

    def _send_message(self, turn: Turn, body: str) -> None:
        group = turn.target.get("SqsParameters", {}).get("MessageGroupId")
        fifo = {"MessageGroupId": group, "MessageDeduplicationId": turn.id} if group else {}
        self._to_queue(turn, turn.target["Arn"], body, **fifo)

    def _to_queue(self, turn: Turn, arn: str, body: str, **more: Any) -> None:
        self._client("sqs", turn).send_message(QueueUrl=queue_url(arn), MessageBody=body, **more)

    def _client(self, name: str, turn: Turn) -> Any:
        principal = Principal(turn.target["RoleArn"], _PRINCIPAL, _SESSION_NAME)
        try:
            return self._roles.acting(principal, source_arn=turn.group_arn).client(name)
        except NotAssumable as error:
            raise AwsError("AccessDeniedException", _NO_TRUST, status=403) from error


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
