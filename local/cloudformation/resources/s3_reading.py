"""A bucket's settings as S3's API tells them, back in the words of templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.resources.provisioner import Request, tags

SAME_IN_API: Final = ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", "Status")
EXPIRATION: Final = {
    "ExpirationDate": "Date",
    "ExpirationInDays": "Days",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
FILTER: Final = ("ObjectSizeGreaterThan", "ObjectSizeLessThan", "Prefix")
TRANSITION: Final = {"StorageClass": "StorageClass", "TransitionDate": "Date", "TransitionInDays": "Days"}
NONCURRENT_TRANSITION: Final = {
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
    "StorageClass": "StorageClass",
    "TransitionInDays": "NoncurrentDays",
}
NOTIFICATIONS: Final = {
    "LambdaConfigurations": ("Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("Queue", "QueueArn"),
    "TopicConfigurations": ("Topic", "TopicArn"),
}
"""What S3 notifies: a template's list, its member for the target, and the API's."""
CORS: Final = {
    "AllowedHeaders": "AllowedHeaders",
    "AllowedMethods": "AllowedMethods",
    "AllowedOrigins": "AllowedOrigins",
    "ExposedHeaders": "ExposeHeaders",
    "Id": "ID",
    "MaxAge": "MaxAgeSeconds",
}


def bucket_settings(request: Request) -> dict[str, Any]:
    """The properties of a bucket. Raises ClientError when it is gone."""
    bucket = request.physical_id
    versioning = request.call("s3", "get_bucket_versioning", Bucket=bucket)
    encryption = request.told("s3", "get_bucket_encryption", Bucket=bucket)
    blocked = request.told("s3", "get_public_access_block", Bucket=bucket)
    owned = request.told("s3", "get_bucket_ownership_controls", Bucket=bucket)
    lifecycle = request.told("s3", "get_bucket_lifecycle_configuration", Bucket=bucket)
    cors = request.told("s3", "get_bucket_cors", Bucket=bucket)
    found = {
        "BucketEncryption": _encryption(encryption),
        "CorsConfiguration": {"CorsRules": [_back(rule, CORS) for rule in cors.get("CORSRules", [])]},
        "LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in lifecycle.get("Rules", [])]},
        "LoggingConfiguration": _logging(request.call("s3", "get_bucket_logging", Bucket=bucket)),
        "NotificationConfiguration": _notification(request),
        "OwnershipControls": owned.get("OwnershipControls"),
        "PublicAccessBlockConfiguration": blocked.get("PublicAccessBlockConfiguration"),
        "VersioningConfiguration": {"Status": versioning["Status"]} if "Status" in versioning else None,
    }
    labels = tags(request.told("s3", "get_bucket_tagging", Bucket=bucket).get("TagSet"))
    return {"BucketName": bucket, "Tags": labels, **{name: value for name, value in found.items() if value}}


def _encryption(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    rules = [dict(rule) for rule in answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])]
    for rule in rules:
        if "ApplyServerSideEncryptionByDefault" in rule:
            rule["ServerSideEncryptionByDefault"] = rule.pop("ApplyServerSideEncryptionByDefault")
    return {"ServerSideEncryptionConfiguration": rules} if rules else None


def _logging(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    enabled = answer.get("LoggingEnabled")
    if not enabled:
        return None
    return {"DestinationBucketName": enabled["TargetBucket"], "LogFilePrefix": enabled.get("TargetPrefix", "")}


def _notification(request: Request) -> dict[str, Any]:
    answer = request.call("s3", "get_bucket_notification_configuration", Bucket=request.physical_id)
    made: dict[str, Any] = {}
    for name, (target, arn) in NOTIFICATIONS.items():
        listed = answer.get(f"{arn.removesuffix('Arn')}Configurations", [])
        if listed:
            made[name] = [_notified(item, target, arn) for item in listed]
    return made


def _notified(item: Mapping[str, Any], target: str, arn: str) -> dict[str, Any]:
    rules = item.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    made = {target: item[arn], "Event": item["Events"][0]}
    return made | ({"Filter": {"S3Key": {"Rules": rules}}} if rules else {})


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: rule[name] for name in SAME_IN_API if name in rule}
    made |= {"Id": rule["ID"]} if "ID" in rule else {}
    made |= _back(rule.get("Expiration", {}), EXPIRATION) | _filter(rule.get("Filter", {}))
    for name, names in (("Transitions", TRANSITION), ("NoncurrentVersionTransitions", NONCURRENT_TRANSITION)):
        if rule.get(name):
            made[name] = [_back(item, names) for item in rule[name]]
    return made


def _filter(given: Mapping[str, Any]) -> dict[str, Any]:
    inside = given.get("And", given)
    labels = inside.get("Tags", [given["Tag"]] if "Tag" in given else [])
    plain = {name: inside[name] for name in FILTER if inside.get(name)}
    return plain | ({"TagFilters": labels} if labels else {})


def _back(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {own: value[api] for own, api in names.items() if api in value}
