"""The inbox of somebody on call: a queue that is subscribed to the stage's topic."""

from __future__ import annotations

import json
import time

from cli.connection import Connection
from cli.errors import CliError
from env import naming

_NAME = "on-call"
_PATIENCE_SECONDS = 30
_AT_ONCE = 10


class Inbox:
    """What the stage has told people since the inbox was made."""

    def __init__(self, connection: Connection) -> None:
        self._sqs = connection.client("sqs")
        self._url = self._sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = naming.topic_arn(connection.stage)
        connection.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def wait_for(self, text: str) -> str:
        """The first message that speaks of `text`, subject first. Raises CliError when none comes."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for message in self._receive():
                if text in message:
                    return message
        raise CliError(f"nobody was told of {text} within {_PATIENCE_SECONDS} s")

    def _receive(self) -> list[str]:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_AT_ONCE, WaitTimeSeconds=1)
        taken = answer.get("Messages", [])
        for message in taken:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        # The envelope that SNS puts around what it sends (SNS Developer Guide, "Fanout to Amazon SQS queues").
        sent = [json.loads(message["Body"]) for message in taken]
        return [f"{envelope.get('Subject') or ''}\n\n{envelope['Message']}".strip() for envelope in sent]
