"""The services that a rule can send to, and how each is called on EventBridge's behalf."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from local.delivery import Failure, error_code
from local.errors import AwsError, UnsupportedLocally, ValidationError
from local.permission import allows
from local.roles import Clients, NotAssumable, Principal, Roles
from local.services import Services

# Retries follow the rule's policy and the cloud's clock; boto3's own would take wall time behind their back.
_PRINCIPAL: Final = "events.amazonaws.com"
_SESSION_NAME: Final = "events"
_NO_RETRIES: Final = Config(retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Shipment:
    """One event on its way to one target of one rule."""

    rule_arn: str
    target: Mapping[str, Any]
    event_id: str
    body: str


class Targets:
    """Calls a target's service. Errors are boto3's ClientError, or AwsError where EventBridge itself is refused."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clients: dict[str, Any] = {}
        self._roles = Roles(services, config=_NO_RETRIES)
        self._lock = threading.Lock()
        self._senders: dict[str, Callable[[Shipment], None]] = {
            "lambda": self._invoke_function,
            "sqs": self._send_message,
            "sns": self._publish,
            "sagemaker": self._start_pipeline,
            "logs": self._put_log_event,
            "events": self._pass_to_bus,
        }

    def check(self, target: Mapping[str, Any]) -> None:
        """Refuse, as PutTargets does or by name, a target that could never be delivered to."""
        _, _, service, region, account, resource = split(target["Arn"])
        if service not in self._senders or (service == "sagemaker" and not resource.startswith("pipeline/")):
            raise UnsupportedLocally(f"the rule target {target['Arn']}")
        if service == "events" and account == self._services.account and region == self._services.region:
            raise UnsupportedLocally(f"the rule target {target['Arn']}", reason="it has the default event bus alone")
        if service in ("sagemaker", "events") and not target.get("RoleArn"):
            raise ValidationError(f"RoleArn is required for target {target['Arn']}.")

    def send(self, shipment: Shipment, *, attempt: int) -> None:
        """Deliver once. Raises ClientError or AwsError."""
        self._senders[split(shipment.target["Arn"])[2]](shipment)

    def bury(self, shipment: Shipment, failure: Failure) -> None:
        """Send what could not be delivered to the target's dead-letter queue. Raises ClientError or AwsError."""
        queue_arn = shipment.target["DeadLetterConfig"]["Arn"]
        attributes = {
            "RULE_ARN": shipment.rule_arn,
            "TARGET_ARN": shipment.target["Arn"],
            "ERROR_CODE": failure.hopeless or "ERROR_FROM_TARGET",
            "ERROR_MESSAGE": str(failure.error),
            "RETRY_ATTEMPTS": str(failure.retries),
        }
        if failure.exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = failure.exhausted
        described = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}
        self._to_queue(queue_arn, shipment, MessageAttributes=described)

    def _client(self, name: str) -> Any:
        with self._lock:
            if name not in self._clients:
                session: Any = self._services.session()
                self._clients[name] = session.client(name, config=_NO_RETRIES)
            return self._clients[name]

    def _invoke_function(self, shipment: Shipment) -> None:
        client, arn = self._client("lambda"), shipment.target["Arn"]
        client.get_function_configuration(FunctionName=arn)
        self._require(shipment, action="lambda:InvokeFunction", policy=_function_policy(client, arn))
        client.invoke(FunctionName=arn, InvocationType="Event", Payload=shipment.body.encode())

    def _send_message(self, shipment: Shipment) -> None:
        group = shipment.target.get("SqsParameters", {}).get("MessageGroupId")
        fifo = {"MessageGroupId": group, "MessageDeduplicationId": shipment.event_id} if group else {}
        self._to_queue(shipment.target["Arn"], shipment, **fifo)

    def _to_queue(self, queue_arn: str, shipment: Shipment, **more: Any) -> None:
        client = self._client("sqs")
        url = client.get_queue_url(QueueName=split(queue_arn)[5])["QueueUrl"]

        asked = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        self._require(shipment, action="sqs:SendMessage", policy=asked.get("Attributes", {}).get("Policy"))
        client.send_message(QueueUrl=url, MessageBody=shipment.body, **more)

    def _publish(self, shipment: Shipment) -> None:
        client, arn = self._client("sns"), shipment.target["Arn"]

        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        self._require(shipment, action="sns:Publish", policy=attributes.get("Policy"))
        client.publish(TopicArn=arn, Message=shipment.body)

    def _start_pipeline(self, shipment: Shipment) -> None:
        parameters = shipment.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
        self._acting(shipment.target["RoleArn"], shipment).client("sagemaker").start_pipeline_execution(
            PipelineName=shipment.target["Arn"], PipelineParameters=parameters, ClientRequestToken=str(uuid.uuid4())
        )

    def _acting(self, role_arn: str, shipment: Shipment) -> Clients:
        try:
            return self._roles.acting(Principal(role_arn, _PRINCIPAL, _SESSION_NAME), source_arn=shipment.rule_arn)
        except NotAssumable as error:
            raise AwsError("AccessDeniedException", str(error), status=403) from error

    def _put_log_event(self, shipment: Shipment) -> None:
        client, group, stream = self._client("logs"), split(shipment.target["Arn"])[5], str(uuid.uuid4())
        group = group.removeprefix("log-group:").removesuffix(":*")
        client.create_log_stream(logGroupName=group, logStreamName=stream)
        line = {"timestamp": int(self._services.clock.now().timestamp() * 1000), "message": shipment.body}
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])

    def _pass_to_bus(self, shipment: Shipment) -> None:
        raise UnsupportedLocally(f"delivery to {shipment.target['Arn']}", reason="it is one account and one region")

    def _require(self, shipment: Shipment, *, action: str, policy: str | None) -> None:
        if policy is None or not allows(policy, _PRINCIPAL, action=action, source_arn=shipment.rule_arn):
            reason = f"the resource's policy does not allow {action} to {_PRINCIPAL} for {shipment.rule_arn}"
            raise AwsError("AccessDeniedException", reason, status=403)


def split(arn: str) -> list[str]:
    """The six fields of an ARN; the last one is the resource. Raises ValidationError."""
    fields = arn.split(":", 5)
    if len(fields) != 6:
        raise ValidationError(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
    return fields


def _function_policy(client: Any, arn: str) -> str | None:
    try:
        return str(client.get_policy(FunctionName=arn)["Policy"])
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
