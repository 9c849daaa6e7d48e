"""S3's and SNS's notifications as a part of the local cloud: heard from moto, delivered behind the caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from local.delivery import Delivery, Failure, error_code, queue_url
from local.errors import AwsError
from local.front import Family
from local.moto.notices import Message, ObjectEvent, listen
from local.notifications import documents
from local.permission import allows
from local.services import Services

_S3: Final = "s3.amazonaws.com"
_SNS: Final = "sns.amazonaws.com"


@dataclass(frozen=True)
class Notice:
    """One document on its way to a destination: `sender` is the service's principal, `source_arn` its resource."""

    target: Mapping[str, Any]
    sender: str
    source_arn: str
    body: str


class Notifications:
    """Delivers what moto's services tell. Without right, or without a destination, a notice is dropped and logged."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._delivery = Delivery(services.state.table("notifications.undelivered"), services.clock, _Courier(services))
        self._stop_listening = listen(self)

    def families(self) -> list[Family]:
        """S3 and SNS are moto's."""
        return []

    def resume(self) -> None:
        """Deliver what was not delivered."""
        self._delivery.resume()

    def close(self) -> None:
        """Hear nothing more, and drop what is undelivered."""
        self._stop_listening()
        self._delivery.close()

    def object_changed(self, event: ObjectEvent) -> None:
        """Send a notice to each of a bucket's destinations that want it."""
        services, time = self._services, self._services.clock.now()
        account, region = services.account, services.region
        for configuration, arn in event.destinations:
            body = documents.record(event, configuration=configuration, region=region, account=account, time=time)
            self._send(arn, body, sender=_S3, source_arn=documents.bucket_arn(event.bucket))
        if event.to_bus and (kind := documents.detail_type(event)) is not None:
            bus = f"arn:aws:events:{region}:{account}:event-bus/default"
            body = {"detail-type": kind, "detail": documents.detail(event, account=account, time=time)}
            self._send(bus, body, sender=_S3, source_arn=documents.bucket_arn(event.bucket))

    def message_published(self, message: Message) -> None:
        """Send a message to the function that has subscribed."""
        body = documents.sns_record(message, time=self._services.clock.now())
        self._send(message.function_arn, body, sender=_SNS, source_arn=message.topic_arn)

    def _send(self, arn: str, body: dict[str, Any], *, sender: str, source_arn: str) -> None:
        self._delivery.send(Notice({"Arn": arn}, sender, source_arn, json.dumps(body)))


class _Courier:
    """Calls the destinations, in whose own policies the sender must be let in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def send(self, parcel: Notice, *, attempt: int) -> None:
        """Deliver once. Raises ClientError or AwsError."""
        arn = parcel.target["Arn"]
        sender = {"lambda": self._invoke, "sqs": self._enqueue, "sns": self._publish, "events": self._emit}
        sender[arn.split(":")[2]](arn, parcel)

    def bury(self, parcel: Notice, failure: Failure) -> None:
        """There is no queue for these."""

    def _invoke(self, arn: str, notice: Notice) -> None:
        client = self._services.client("lambda")
        try:
            policy = client.get_policy(FunctionName=arn)["Policy"]
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            policy = None
        self._require(policy, notice, action="lambda:InvokeFunction")
        client.invoke(FunctionName=arn, InvocationType="Event", Payload=notice.body.encode())

    def _enqueue(self, arn: str, notice: Notice) -> None:
        client, url = self._services.client("sqs"), queue_url(arn)
        asked = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        self._require(asked.get("Attributes", {}).get("Policy"), notice, action="sqs:SendMessage")
        client.send_message(QueueUrl=url, MessageBody=notice.body)

    def _publish(self, arn: str, notice: Notice) -> None:
        client = self._services.client("sns")
        policy = client.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy")
        self._require(policy, notice, action="sns:Publish")
        client.publish(TopicArn=arn, Message=notice.body, Subject="Amazon S3 Notification")

    def _emit(self, _: str, notice: Notice) -> None:
        event = json.loads(notice.body)
        self._services.emit("aws.s3", event["detail-type"], event["detail"], resources=[notice.source_arn])

    def _require(self, policy: str | None, notice: Notice, *, action: str) -> None:
        # A bucket's ARN names no account.
        account = {"aws:sourceaccount": self._services.account}
        source = notice.source_arn
        if policy is None or not allows(policy, notice.sender, action=action, source_arn=source, more=account):
            reason = f"the resource's policy does not allow {action} to {notice.sender} for {source}"
            raise AwsError("AccessDeniedException", reason, status=403)
