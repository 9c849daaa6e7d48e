"""What the requests of Amazon S3 want.

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations" and "Using server-side encryption
with AWS KMS keys"; Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from local.iam.actions.wanted import ANYTHING, Keys, Records, Wanted, texts

if TYPE_CHECKING:
    from local.requests import Asked

_ACTIONS: Final[Mapping[str, str]] = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""Operations whose action has another name."""
_VERSIONED: Final = frozenset(
    {
        "DeleteObject",
        "DeleteObjectTagging",
        "GetObject",
        "GetObjectAcl",
        "GetObjectAttributes",
        "GetObjectTagging",
        "PutObjectAcl",
        "PutObjectTagging",
    }
)
"""Actions that have another one for a version of an object that is asked for."""
_KEYS: Final[Mapping[str, str]] = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MaxKeys": "s3:max-keys",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "Prefix": "s3:prefix",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:versionid",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
}
"""Members of requests, and the condition keys that they are."""
_WRITES: Final = frozenset({"CopyObject", "CreateMultipartUpload", "PutObject"})
_PARTS: Final = frozenset({"CompleteMultipartUpload", "UploadPart", "UploadPartCopy"})
_READS: Final = frozenset({"GetObject", "HeadObject", "SelectObjectContent"})


def storage(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of S3 wants, the rights to the keys that encrypt included."""
    return [*_own(asked), *_beside(asked), *_copied(asked, records), *_encryption(asked, records)]


def _own(asked: Asked) -> Iterator[Wanted]:
    params, keys = asked.params, _keys(asked.params)
    bucket = f"arn:aws:s3:::{params.get('Bucket', '')}"
    name = _ACTIONS.get(asked.operation, asked.operation)
    if asked.operation == "DeleteObjects":
        for each in _deleted(params):
            version = "Version" if each.get("VersionId") else ""
            yield Wanted(f"s3:DeleteObject{version}", (f"{bucket}/{each.get('Key', '*')}",), keys)
    elif params.get("Key"):
        yield Wanted(f"s3:{_version_of(name, params)}", (f"{bucket}/{params['Key']}",), keys)
    else:
        yield Wanted(f"s3:{name}", (bucket,) if params.get("Bucket") else ANYTHING, keys)


def _deleted(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (params.get("Delete") or {}).get("Objects") or [{}]


def _version_of(name: str, params: Mapping[str, Any]) -> str:
    if params.get("VersionId") and name in _VERSIONED:
        return name.replace("Object", "ObjectVersion", 1)
    return name


def _beside(asked: Asked) -> Iterator[Wanted]:
    """What a request to write wants when it brings tags, an access control list or a lock along."""
    params = asked.params
    if asked.operation not in _WRITES:
        return
    at = (f"arn:aws:s3:::{params['Bucket']}/{params['Key']}",)
    if params.get("Tagging"):
        yield Wanted("s3:PutObjectTagging", at, _keys(params))
    if params.get("ACL") or any(params[name] for name in params if name.startswith("Grant")):
        yield Wanted("s3:PutObjectAcl", at, _keys(params))
    if params.get("ObjectLockMode"):
        yield Wanted("s3:PutObjectRetention", at, _keys(params))
    if params.get("ObjectLockLegalHoldStatus"):
        yield Wanted("s3:PutObjectLegalHold", at, _keys(params))


def _copied(asked: Asked, records: Records) -> Iterator[Wanted]:
    source = asked.params.get("CopySource")
    if asked.operation not in ("CopyObject", "UploadPartCopy") or not source:
        return
    bucket, key, version = _source(str(source))
    name = "GetObjectVersion" if version else "GetObject"
    yield Wanted(f"s3:{name}", (f"arn:aws:s3:::{bucket}/{key}",))
    used = records.object_key(bucket, key, version)
    if used:
        yield Wanted("kms:Decrypt", (used,), _through(records, bucket, key))


def _source(given: str) -> tuple[str, str, str | None]:
    path, _, version = unquote(given).lstrip("/").partition("?versionId=")
    bucket, _, key = path.partition("/")
    return bucket, key, version or None


def _encryption(asked: Asked, records: Records) -> Iterator[Wanted]:
    params = asked.params
    if not params.get("Bucket") or not params.get("Key"):
        return
    bucket, key = str(params["Bucket"]), str(params["Key"])
    if asked.operation in _READS and (used := records.object_key(bucket, key, params.get("VersionId"))):
        yield Wanted("kms:Decrypt", (used,), _through(records, bucket, key))
    if asked.operation in _WRITES | _PARTS and (used := _writing_key(params, records)):
        yield Wanted("kms:GenerateDataKey", (used,), _through(records, bucket, key))
        if asked.operation != "PutObject" and asked.operation != "CopyObject":
            yield Wanted("kms:Decrypt", (used,), _through(records, bucket, key))


def _writing_key(params: Mapping[str, Any], records: Records) -> str | None:
    if params.get("SSEKMSKeyId"):
        return records.customers_key(str(params["SSEKMSKeyId"]))
    if params.get("ServerSideEncryption") not in (None, "aws:kms", "aws:kms:dsse"):
        return None
    return records.default_key(str(params["Bucket"]))


def _through(records: Records, bucket: str, key: str) -> Keys:
    return {
        "kms:viaservice": (f"s3.{records.region}.amazonaws.com",),
        "kms:encryptioncontext:aws:s3:arn": (f"arn:aws:s3:::{bucket}/{key}",),
        "kms:encryptioncontextkeys": ("aws:s3:arn",),
    }


def _keys(params: Mapping[str, Any]) -> Keys:
    keys: Keys = {key: texts(params[member]) for member, key in _KEYS.items() if params.get(member) is not None}
    keys |= {"s3:authtype": ("REST-HEADER",), "s3:signatureversion": ("AWS4-HMAC-SHA256",), "s3:tlsversion": ("1.3",)}
    if params.get("Tagging") and isinstance(params["Tagging"], str):
        tags = parse_qsl(params["Tagging"], keep_blank_values=True)
        keys |= {f"s3:requestobjecttag/{name.lower()}": (value,) for name, value in tags}
        keys["s3:requestobjecttagkeys"] = tuple(name for name, _ in tags)
    return keys
