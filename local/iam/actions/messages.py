"""What the requests of Amazon SQS, Amazon SNS, AWS Secrets Manager and Amazon EventBridge want beside their tables.

Source: Amazon SQS Developer Guide, "Configuring KMS permissions"; Amazon SNS Developer Guide, "Managing Amazon SNS
encryption keys and costs"; AWS Secrets Manager User Guide, "Secret encryption and decryption".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.iam.actions.tables import TABLES
from local.iam.actions.wanted import Keys, Records, Wanted, texts

if TYPE_CHECKING:
    from local.requests import Asked

_SENDING: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def queues(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of SQS wants, the rights to the queue's key included."""
    wanted = TABLES["sqs"](asked, records)
    name = wanted[0].action.partition(":")[2]
    actions = {"SendMessage": _SENDING, "ReceiveMessage": ("kms:Decrypt",)}.get(name, ())
    used = records.queue_key(wanted[0].resources[0].rpartition(":")[2]) if actions else None
    return [*wanted, *_with_key("sqs", actions, used, records)]


def topics(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of SNS wants, the rights to the topic's key included."""
    wanted = TABLES["sns"](asked, records)
    actions = _SENDING if wanted[0].action == "sns:Publish" else ()
    used = records.topic_key(wanted[0].resources[0]) if actions else None
    return [*wanted, *_with_key("sns", actions, used, records)]


def secrets(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of Secrets Manager wants."""
    params, action = asked.params, f"secretsmanager:{asked.operation}"
    keys = {
        f"secretsmanager:{name.lower()}": texts(value)
        for name, value in params.items()
        if isinstance(value, str | bool)
    }
    if asked.operation == "CreateSecret":
        place = f"arn:aws:secretsmanager:{records.region}:{records.account}:secret"
        # Six characters that nobody knows beforehand end the ARN.
        return [Wanted(action, (f"{place}:{params.get('Name', '')}-??????",), keys)]
    if asked.operation == "BatchGetSecretValue":
        named = [records.secret_arn(str(name)) for name in params.get("SecretIdList", [])]
        each = [Wanted("secretsmanager:GetSecretValue", (arn,)) for arn in named]
        return [Wanted(action), *each]
    if params.get("SecretId"):
        return [Wanted(action, (records.secret_arn(str(params["SecretId"])),), keys)]
    return [Wanted(action)]


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


def _with_key(service: str, actions: tuple[str, ...], used: str | None, records: Records) -> list[Wanted]:
    via: Keys = {"kms:viaservice": (f"{service}.{records.region}.amazonaws.com",)}
    return [Wanted(action, (used,), via) for action in actions] if used else []
