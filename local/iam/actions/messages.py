"""What the requests of Amazon SQS, Amazon SNS and Amazon EventBridge want beside their tables.

Source: Amazon SQS Developer Guide, "Configuring KMS permissions"; Amazon SNS Developer Guide, "Managing Amazon SNS
encryption keys and costs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.iam.actions.tables import TABLES
from local.iam.actions.wanted import Records, Wanted, with_key

if TYPE_CHECKING:
    from local.requests import Asked

_SENDING: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def queues(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of SQS wants, the rights to the queue's key included."""
    wanted = TABLES["sqs"](asked, records)
    name = wanted[0].action.partition(":")[2]
    actions = {"SendMessage": _SENDING, "ReceiveMessage": ("kms:Decrypt",)}.get(name, ())
    used = records.queue_key(wanted[0].resources[0].rpartition(":")[2]) if actions else None
    return [*wanted, *with_key("sqs", actions, used, records)]


def topics(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of SNS wants, the rights to the topic's key included."""
    wanted = TABLES["sns"](asked, records)
    actions = _SENDING if wanted[0].action == "sns:Publish" else ()
    used = records.topic_key(wanted[0].resources[0]) if actions else None
    return [*wanted, *with_key("sns", actions, used, records)]


def buses(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of EventBridge wants; putting events asks for each bus that they are for."""
    if asked.operation != "PutEvents":
        return TABLES["events"](asked, records)
    return [
        Wanted(
            "events:PutEvents",
            (_bus(str(entry.get("EventBusName") or "default"), records),),
            {
                "events:source": (str(entry.get("Source", "")),),
                "events:detail-type": (str(entry.get("DetailType", "")),),
            },
        )
        for entry in asked.params.get("Entries", [])
    ]


def _bus(name: str, records: Records) -> str:
    return name if name.startswith("arn:") else f"arn:aws:events:{records.region}:{records.account}:event-bus/{name}"
