"""The documents that S3 and SNS send."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

from local.moto.notices import Message, ObjectEvent

_DETAIL_TYPES: Final = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "LifecycleExpiration": "Object Deleted",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectAcl": "Object ACL Updated",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
}
_REASONS: Final = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved": "DeleteObject",
}
_SOURCE_IP: Final = "127.0.0.1"


def record(event: ObjectEvent, *, configuration: str, region: str, account: str, time: datetime) -> dict[str, Any]:
    """A notification (Amazon S3 User Guide, "Event message structure", version 2.1); its key is quoted as in a form."""
    version = {"versionId": event.version_id} if event.version_id else {}
    content = {} if event.name.startswith("ObjectRemoved") else {"size": event.size, "eTag": event.etag}
    s3 = {
        "s3SchemaVersion": "1.0",
        "configurationId": configuration,
        "bucket": {"name": event.bucket, "ownerIdentity": {"principalId": account}, "arn": bucket_arn(event.bucket)},
        "object": {"key": quote_plus(event.key, safe="/"), **content, **version, "sequencer": sequencer(time)},
    }
    told = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": stamp(time),
        "eventName": event.name,
        "userIdentity": {"principalId": account},
        "requestParameters": {"sourceIPAddress": _SOURCE_IP},
        "responseElements": {"x-amz-request-id": sequencer(time), "x-amz-id-2": sequencer(time)},
        "s3": s3,
    }
    return {"Records": [told]}


def detail_type(event: ObjectEvent) -> str | None:
    """EventBridge's word for what happened; None for what S3 does not send there."""
    return _DETAIL_TYPES.get(event.name) or _DETAIL_TYPES.get(event.name.partition(":")[0])


def detail(event: ObjectEvent, *, account: str, time: datetime) -> dict[str, Any]:
    """An event's detail (Amazon S3 User Guide, "EventBridge event message structure")."""
    kind, _, how = event.name.partition(":")
    version = {"version-id": event.version_id} if event.version_id else {}
    content = {"size": event.size} if kind == "ObjectCreated" else {}
    more = {"reason": reason} if (reason := _REASONS.get(event.name) or _REASONS.get(kind)) else {}
    if kind == "ObjectRemoved":
        more["deletion-type"] = "Permanently Deleted" if how == "Delete" else "Delete Marker Created"
    return {
        "version": "0",
        "bucket": {"name": event.bucket},
        "object": {"key": event.key, **content, "etag": event.etag, **version, "sequencer": sequencer(time)},
        "request-id": sequencer(time),
        "requester": account,
        "source-ip-address": _SOURCE_IP,
        **more,
    }


def sns_record(message: Message, *, time: datetime) -> dict[str, Any]:
    """What a function is called with (AWS Lambda Developer Guide, "Invoking Lambda functions with SNS")."""
    region = message.topic_arn.split(":")[3]
    sns = {
        "Type": "Notification",
        "MessageId": message.id,
        "TopicArn": message.topic_arn,
        "Subject": message.subject,
        "Message": message.text,
        "Timestamp": stamp(time),
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": f"https://sns.{region}.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeUrl": (
            f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={message.subscription_arn}"
        ),
        "MessageAttributes": message.attributes,
    }
    told = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": message.subscription_arn,
        "EventSource": "aws:sns",
        "Sns": sns,
    }
    return {"Records": [told]}


def bucket_arn(name: str) -> str:
    """A bucket's ARN."""
    return f"arn:aws:s3:::{name}"


def stamp(time: datetime) -> str:
    """A time to the millisecond."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S')}.{time.microsecond // 1000:03}Z"


def sequencer(time: datetime) -> str:
    """A number in hexadecimal that is larger for what happened later."""
    return f"{int(time.timestamp() * 1_000_000):018X}"
