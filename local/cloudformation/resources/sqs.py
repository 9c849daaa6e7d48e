"""AWS::SQS: queues and their policies."""

from __future__ import annotations

from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import (
    Provisioner,
    Request,
    Schema,
    refuse_existing,
    tags,
    text,
    truth,
)
from local.cloudformation.resources.shared_policy import SharedPolicy

_DEFAULTS: Final = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
"""The attributes of a queue that can be set later, with their defaults (Amazon SQS API, SetQueueAttributes)."""


class Queue(Provisioner):
    """A queue."""

    schema = Schema(
        type="AWS::SQS::Queue",
        properties=frozenset({*_DEFAULTS, "FifoQueue", "QueueName", "Tags"}),
        create_only=frozenset({"FifoQueue", "QueueName"}),
        attributes=frozenset({"Arn", "QueueName", "QueueUrl"}),
        unread=frozenset({"RedriveAllowPolicy"}),
        name="QueueName",
        naming=Naming(limit=75),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the queue, unless one of that name exists."""
        name = self._name(request)
        if request.found("sqs", "get_queue_url", QueueName=name):
            raise refuse_existing(self.schema, name)
        attributes = {key: text(value) for key, value in request.some("FifoQueue", *_DEFAULTS).items()}
        labels = tags(request.properties.get("Tags"))
        made = request.call("sqs", "create_queue", QueueName=name, Attributes=attributes, tags=labels)
        return str(made["QueueUrl"])

    def update(self, request: Request) -> None:
        """Set the attributes that differ, or their defaults, and the tags."""
        queue = request.physical_id
        attributes = {
            name: text(request.properties.get(name, default))
            for name, default in _DEFAULTS.items()
            if request.changed(name)
        }
        if attributes:
            request.call("sqs", "set_queue_attributes", QueueUrl=queue, Attributes=attributes)
        request.retag("sqs", tag="tag_queue", untag="untag_queue", form=dict, QueueUrl=queue)

    def delete(self, request: Request) -> None:
        """Delete the queue with its messages."""
        request.call("sqs", "delete_queue", QueueUrl=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The queue's ARN, name and URL."""
        name = self._name(request)
        return {"Arn": request.arn("sqs", name), "QueueName": name, "QueueUrl": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The queue's attributes and tags."""
        queue = {"QueueUrl": request.physical_id}
        found = request.call("sqs", "get_queue_attributes", **queue, AttributeNames=["All"])["Attributes"]
        labels = request.call("sqs", "list_queue_tags", **queue).get("Tags", {})
        return {**found, "QueueName": found["QueueArn"].rpartition(":")[2], "Tags": labels}

    def _name(self, request: Request) -> str:
        fifo = truth(request.properties.get("FifoQueue")) and not request.name.endswith(".fifo")
        return f"{request.name}.fifo" if fifo else request.name


class QueuePolicy(SharedPolicy):
    """One policy for one or more queues."""

    schema = Schema(
        type="AWS::SQS::QueuePolicy",
        properties=frozenset({"PolicyDocument", "Queues"}),
        attributes=frozenset({"Id"}),
    )
    holders = "Queues"

    def put(self, request: Request, holder: str, policy: str) -> None:
        """Put the policy on a queue."""
        request.call("sqs", "set_queue_attributes", QueueUrl=holder, Attributes={"Policy": policy})

    def got(self, request: Request, holder: str) -> str:
        """The policy of a queue."""
        asked = {"QueueUrl": holder, "AttributeNames": ["Policy"]}
        return str(request.call("sqs", "get_queue_attributes", **asked).get("Attributes", {}).get("Policy", ""))

    def take(self, request: Request, holder: str) -> None:
        """Leave a queue without a policy."""
        request.drop("sqs", "set_queue_attributes", QueueUrl=holder, Attributes={"Policy": ""})


TYPES = (Queue(), QueuePolicy())
