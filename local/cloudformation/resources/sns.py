"""AWS::SNS: topics, their policies and subscriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import (
    Provisioner,
    Request,
    Schema,
    refuse_existing,
    required,
    tags,
    text,
    truth,
)
from local.cloudformation.resources.shared_policy import SharedPolicy

_TOPIC_ATTRIBUTES: Final = ("ContentBasedDeduplication", "DisplayName", "KmsMasterKeyId", "SignatureVersion")
_SUBSCRIPTION_ATTRIBUTES: Final = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
)


class Topic(Provisioner):
    """A topic, with the subscriptions that its own declaration lists."""

    schema = Schema(
        type="AWS::SNS::Topic",
        properties=frozenset({*_TOPIC_ATTRIBUTES, "FifoTopic", "Subscription", "Tags", "TopicName"}),
        create_only=frozenset({"FifoTopic", "TopicName"}),
        attributes=frozenset({"TopicArn", "TopicName"}),
        unread=frozenset({"SignatureVersion"}),
        name="TopicName",
        naming=Naming(limit=250),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the topic, unless one of that name exists."""
        name = self._name(request)
        if request.found("sns", "get_topic_attributes", TopicArn=request.arn("sns", name)):
            raise refuse_existing(self.schema, name)
        attributes = _attributes(request.properties, *_TOPIC_ATTRIBUTES, "FifoTopic")
        made = request.call("sns", "create_topic", Name=name, Attributes=attributes, **request.some("Tags"))
        return str(made["TopicArn"])

    def complete(self, request: Request) -> None:
        """Subscribe those that the declaration lists."""
        self._subscribe(request)

    def update(self, request: Request) -> None:
        """Set the attributes that differ, the tags and the listed subscriptions."""
        topic = request.physical_id
        _set(request, "set_topic_attributes", _TOPIC_ATTRIBUTES, TopicArn=topic)
        request.retag("sns", ResourceArn=topic)
        self._subscribe(request)

    def delete(self, request: Request) -> None:
        """Delete the topic with its subscriptions."""
        request.call("sns", "delete_topic", TopicArn=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The topic's ARN and name."""
        return {"TopicArn": request.physical_id, "TopicName": self._name(request)}

    def read(self, request: Request) -> dict[str, Any]:
        """The topic's attributes, tags, and those of its subscriptions that its declaration lists."""
        topic = {"TopicArn": request.physical_id}
        found = request.call("sns", "get_topic_attributes", **topic)["Attributes"]
        labels = request.call("sns", "list_tags_for_resource", ResourceArn=request.physical_id)["Tags"]
        listed = request.call("sns", "list_subscriptions_by_topic", **topic)["Subscriptions"]
        own = [{name: one[name] for name in ("Protocol", "Endpoint")} for one in listed]
        wanted = [one for one in own if (one["Protocol"], one["Endpoint"]) in _listed(request.properties)]
        name = request.physical_id.rpartition(":")[2]
        return {**found, "TopicName": name, "Subscription": wanted, "Tags": tags(labels)}

    def _name(self, request: Request) -> str:
        fifo = truth(request.properties.get("FifoTopic")) and not request.name.endswith(".fifo")
        return f"{request.name}.fifo" if fifo else request.name

    def _subscribe(self, request: Request) -> None:
        wanted, had = _listed(request.properties), _listed(request.before)
        for protocol, endpoint in sorted(wanted - had):
            request.call("sns", "subscribe", TopicArn=request.physical_id, Protocol=protocol, Endpoint=endpoint)
        stale = had - wanted
        if not stale:
            return
        found = request.call("sns", "list_subscriptions_by_topic", TopicArn=request.physical_id)
        for subscription in found["Subscriptions"]:
            if (subscription["Protocol"], subscription["Endpoint"]) in stale:
                request.drop("sns", "unsubscribe", SubscriptionArn=subscription["SubscriptionArn"])


class TopicPolicy(SharedPolicy):
    """One policy for one or more topics. Without it a topic has SNS's default policy again."""

    schema = Schema(
        type="AWS::SNS::TopicPolicy",
        properties=frozenset({"PolicyDocument", "Topics"}),
        attributes=frozenset({"Id"}),
    )
    holders = "Topics"

    def put(self, request: Request, holder: str, policy: str) -> None:
        """Put the policy on a topic."""
        request.call("sns", "set_topic_attributes", **_policy(holder, policy))

    def got(self, request: Request, holder: str) -> str:
        """The policy of a topic."""
        return str(request.call("sns", "get_topic_attributes", TopicArn=holder)["Attributes"].get("Policy", ""))

    def take(self, request: Request, holder: str) -> None:
        """Put the default policy on a topic."""
        policy = json.dumps(_default_policy(holder, request.services.account))
        request.drop("sns", "set_topic_attributes", **_policy(holder, policy))


class Subscription(Provisioner):
    """A subscription to a topic."""

    schema = Schema(
        type="AWS::SNS::Subscription",
        properties=frozenset({*_SUBSCRIPTION_ATTRIBUTES, "Endpoint", "Protocol", "TopicArn"}),
        create_only=frozenset({"Endpoint", "Protocol", "TopicArn"}),
        attributes=frozenset({"Arn"}),
    )

    def create(self, request: Request) -> str:
        """Subscribe."""
        place = {"TopicArn": required(request, "TopicArn"), "Protocol": required(request, "Protocol")}
        attributes = _attributes(request.properties, *_SUBSCRIPTION_ATTRIBUTES)
        made = request.call(
            "sns",
            "subscribe",
            **place,
            **request.some("Endpoint"),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return str(made["SubscriptionArn"])

    def update(self, request: Request) -> None:
        """Set the attributes that differ."""
        _set(request, "set_subscription_attributes", _SUBSCRIPTION_ATTRIBUTES, SubscriptionArn=request.physical_id)

    def delete(self, request: Request) -> None:
        """Unsubscribe."""
        request.call("sns", "unsubscribe", SubscriptionArn=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The subscription's ARN."""
        return {"Arn": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The subscription's attributes."""
        arn = {"SubscriptionArn": request.physical_id}
        found: dict[str, Any] = request.call("sns", "get_subscription_attributes", **arn)["Attributes"]
        return found


def _attributes(properties: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: text(properties[name]) for name in names if name in properties}


def _set(request: Request, method: str, names: tuple[str, ...], **resource: str) -> None:
    for name in names:
        if request.changed(name):
            value = text(request.properties.get(name, ""))
            request.call("sns", method, **resource, AttributeName=name, AttributeValue=value)


def _policy(topic: str, policy: str) -> dict[str, str]:
    return {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy}


def _listed(properties: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(item["Protocol"], item["Endpoint"]) for item in properties.get("Subscription", [])}


def _default_policy(topic: str, account: str) -> dict[str, Any]:
    # Amazon SNS Developer Guide, Default access policy of a topic.
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "SNS:GetTopicAttributes",
            "SNS:SetTopicAttributes",
            "SNS:AddPermission",
            "SNS:RemovePermission",
            "SNS:DeleteTopic",
            "SNS:Subscribe",
            "SNS:ListSubscriptionsByTopic",
            "SNS:Publish",
        ],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}


TYPES = (Subscription(), Topic(), TopicPolicy())
