"""What an alarm sets off: a message to a topic, if the topic and its key let CloudWatch send it; kept until it is."""

from __future__ import annotations

import functools
import json
import logging
import uuid
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from local.background import Background
from local.cloudwatch import shapes
from local.cloudwatch.alarms import Alarm, State
from local.cloudwatch.history import ACTION, History, Item
from local.errors import LocalError
from local.permission import allows
from local.services import Services
from local.state import Table

_PRINCIPAL: Final = "cloudwatch.amazonaws.com"
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
_log = logging.getLogger(__name__)


class NotAuthorized(LocalError):
    """A topic or its key does not let CloudWatch in, which on AWS nothing but the alarm's history tells."""


@dataclass(frozen=True)
class _Action:
    topic: str
    alarm: Alarm
    before: State


class Actions:
    """Runs the actions of alarms one after the other, on a thread of its own."""

    def __init__(self, services: Services, history: History) -> None:
        self._services, self._history = services, history
        self._region = _long_name(services.region)
        self._background = Background("alarm-actions", services.clock, threads=1)
        self._undone: Table[_Action] = services.state.table("cloudwatch.actions")

    def submit(self, topic: str, alarm: Alarm, before: State) -> None:
        """Tell a topic of an alarm's new state, and the history whether that worked."""
        key = uuid.uuid4().hex
        self._undone[key] = _Action(topic, alarm, before)
        self._background.submit(lambda: self._do(key))

    def resume(self) -> None:
        """Do what the process before did not."""
        for key in list(self._undone):
            self._background.submit(functools.partial(self._do, key))

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until no action is left to do. False when time is up."""
        return self._background.resting(timeout_seconds)

    def close(self) -> None:
        """Drop the actions that have not begun."""
        self._background.close()

    def _do(self, key: str) -> None:
        action = self._undone.get(key)
        if action is not None:
            self._run(action.topic, action.alarm, action.before)
            self._undone.pop(key, None)

    def _run(self, topic: str, alarm: Alarm, before: State) -> None:
        message = shapes.notification(alarm, before, account=self._services.account, region=self._region)
        told: dict[str, Any] = {"notificationResource": topic, "publishedMessage": json.dumps(message)}
        summary = f"Successfully executed action {topic}"
        try:
            self._publish(topic, alarm, told["publishedMessage"])
            told["actionState"] = "Succeeded"
        except (ClientError, BotoCoreError, LocalError) as error:
            _log.warning("an action of the alarm %s failed: %s", alarm.name, error)
            told |= {"actionState": "Failed", "error": str(error)}
            summary = f'Failed to execute action {topic}. Received error: "{error}"'
        now = self._services.clock.now()
        self._history.add(Item.of(alarm.name, at=now, kind=ACTION, summary=summary, data=told))

    def _publish(self, topic: str, alarm: Alarm, message: str) -> None:
        sns = self._services.client("sns")
        attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        if not self._let_in(attributes["Policy"], "sns:Publish", alarm):
            raise NotAuthorized(
                f"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {topic} "
                "because no resource-based policy allows the SNS:Publish action"
            )
        if key := attributes.get("KmsMasterKeyId"):
            self._check_key(key, alarm)
        sns.publish(TopicArn=topic, Subject=shapes.subject(alarm, region=self._region), Message=message)

    def _check_key(self, key: str, alarm: Alarm) -> None:
        kms = self._services.client("kms")
        key_id = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyId"]
        policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
        if not all(self._let_in(policy, action, alarm) for action in _KEY_ACTIONS):
            raise NotAuthorized("CloudWatch Alarms does not have authorization to access the SNS topic encryption key.")

    def _let_in(self, policy: str, action: str, alarm: Alarm) -> bool:
        # The policy that a topic has by default asks for the owner, which only some services still send.
        owner = {"aws:sourceowner": self._services.account}
        return allows(policy, _PRINCIPAL, action=action, source_arn=alarm.arn, more=owner)


def _long_name(region: str) -> str:
    """`EU (Ireland)` for eu-west-1, as notifications call it."""
    for partition in Loader().load_data("partitions")["partitions"]:
        if described := partition["regions"].get(region):
            return str(described["description"]).replace("Europe (", "EU (")
    return region
