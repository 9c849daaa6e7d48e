"""Where moto's S3 and SNS tell of objects and messages: to functions and a bus of its own, which nobody here has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class ObjectEvent:
    """What happened to an object: `name` such as `ObjectCreated:Put`, and whom the bucket wants to tell.

    `destinations` are pairs of a configuration's id and an ARN; `to_bus` is for EventBridge.
    """

    name: str
    bucket: str
    key: str
    size: int
    etag: str
    version_id: str
    destinations: tuple[tuple[str, str], ...]
    to_bus: bool


@dataclass(frozen=True)
class Message:
    """What a subscription of a function is sent. `attributes` are as SNS writes them: Type and Value."""

    topic_arn: str
    subscription_arn: str
    function_arn: str
    id: str
    subject: str | None
    text: str
    attributes: dict[str, dict[str, str]]


class Listener(Protocol):
    """Hears of both while a request to moto runs: it must call no service before that has ended."""

    def object_changed(self, event: ObjectEvent) -> None:
        """Of S3."""
        ...

    def message_published(self, message: Message) -> None:
        """Of SNS."""
        ...


_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Tell `listener` from now on; what is returned ends that. Nobody hears of requests that are run again."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def hook() -> None:
    """Take the place of moto's own notifications in what is imported of it.

    A module that another thread is importing lacks some of its names yet; that thread comes here when it is done.
    """
    if (s3 := sys.modules.get("moto.s3.notifications")) is not None:
        s3.send_event = _send_event  # type: ignore[attr-defined]
    subscription = getattr(sys.modules.get("moto.sns.models"), "Subscription", None)
    if subscription is not None and not hasattr(subscription, _HOOKED):
        publish = subscription.publish
        setattr(subscription, _HOOKED, True)
        subscription.publish = lambda self, *args, **more: _publish(self, publish, *args, **more)


_HOOKED = "sluice_hooked"


def _send_event(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
    configured = bucket.notification_configuration
    if configured is None or not _listeners:
        return
    kinds = (configured.cloud_function, configured.queue, configured.topic)
    wanted = [each for kind in kinds for each in kind if each.matches(event_name, key.name)]
    version = str(getattr(key, "version_id", None) or "")
    event = ObjectEvent(
        name=str(getattr(event_name, "value", event_name)).removeprefix("s3:"),
        bucket=bucket.name,
        key=key.name,
        size=getattr(key, "size", 0),
        etag=str(getattr(key, "etag", "")).replace('"', ""),
        version_id=version if bucket.versioning_status else "",
        destinations=tuple((each.id, each.arn) for each in wanted),
        to_bus=configured.event_bridge is not None,
    )
    for listener in list(_listeners):
        listener.object_changed(event)


def _publish(subscription: Any, publish: Callable[..., None], *args: Any, **more: Any) -> None:
    if subscription.protocol != "lambda":
        publish(subscription, *args, **more)
        return
    given = dict(zip(("message", "message_id", "subject", "message_attributes"), args, strict=False)) | more
    attributes = given.get("message_attributes") or {}
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(attributes, given["message"]):
        return
    text = given["message"]
    if given.get("message_structure") == "json":
        text = subscription._parse_message_structure(text, "lambda")
    message = Message(
        topic_arn=subscription.topic.arn,
        subscription_arn=subscription.arn,
        function_arn=subscription.endpoint,
        id=given["message_id"],
        subject=given.get("subject"),
        text=text,
        attributes={name: {"Type": each["Type"], "Value": str(each["Value"])} for name, each in attributes.items()},
    )
    for listener in list(_listeners):
        listener.message_published(message)
