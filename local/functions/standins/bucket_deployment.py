"""Unpacks archives into a bucket: the CDK's BucketDeployment, Custom::CDKBucketDeployment."""

from __future__ import annotations

import fnmatch
import io
import mimetypes
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
from answering import answered  # type: ignore[import-not-found]

_SYSTEM = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
    "storage-class": "StorageClass",
}
_REFUSED = ("DistributionId", "SignContent")


def _work(event: dict[str, Any]) -> dict[str, Any]:
    given, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
    for name in _REFUSED:
        if given.get(name) not in (None, "", "false"):
            raise NotImplementedError(f"the local cloud does not support {name} of a bucket deployment")
    identity = event.get("PhysicalResourceId") or f"aws.cdk.s3deployment.{uuid.uuid4()}"
    if event["RequestType"] == "Delete":
        if not _true(given, "RetainOnDelete", default=True):
            _remove(given, keep=set())
        return {"PhysicalResourceId": identity}
    if old and _place(old) != _place(given) and not _true(old, "RetainOnDelete", default=True):
        _remove(old, keep=set())
    put = _put(given)
    if _true(given, "Prune", default=True):
        _remove(given, keep=put)
    return {"PhysicalResourceId": identity, "Data": _data(given)}


def _data(given: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"DestinationBucketArn": f"arn:aws:s3:::{given['DestinationBucketName']}"}
    if _true(given, "OutputObjectKeys", default=True):
        data["SourceObjectKeys"] = given["SourceObjectKeys"]
    return data


def _put(given: dict[str, Any]) -> set[str]:
    bucket, prefix = _place(given)
    client: Any = boto3.client("s3")
    put: set[str] = set()
    for name, body in _files(client, given):
        if not _chosen(given, name):
            continue
        key = f"{prefix}{name}"
        settings = {"ContentType": mimetypes.guess_type(name)[0] or "binary/octet-stream", **_system(given)}
        client.put_object(Bucket=bucket, Key=key, Body=body, Metadata=given.get("UserMetadata", {}), **settings)
        put.add(key)
    return put


def _files(client: Any, given: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    names, keys = given["SourceBucketNames"], given["SourceObjectKeys"]
    markers = given.get("SourceMarkers") or [{} for _ in names]
    for bucket, key, replaced in zip(names, keys, markers, strict=True):
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        if not _true(given, "Extract", default=True):
            yield key.rpartition("/")[2], body
            continue
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, _marked(archive.read(info), replaced)


def _marked(body: bytes, replaced: dict[str, str]) -> bytes:
    for marker, value in replaced.items():
        body = body.replace(marker.encode(), str(value).encode())
    return body


def _remove(given: dict[str, Any], *, keep: set[str]) -> None:
    bucket, prefix = _place(given)
    client = boto3.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        stale = [item["Key"] for item in page.get("Contents", []) if item["Key"] not in keep]
        for key in stale:
            if _chosen(given, key.removeprefix(prefix)):
                client.delete_object(Bucket=bucket, Key=key)


def _place(given: dict[str, Any]) -> tuple[str, str]:
    prefix = given.get("DestinationBucketKeyPrefix", "").strip("/")
    return given["DestinationBucketName"], f"{prefix}/" if prefix else ""


def _chosen(given: dict[str, Any], name: str) -> bool:
    left_out = any(fnmatch.fnmatchcase(name, pattern) for pattern in given.get("Exclude", []))
    return not left_out or any(fnmatch.fnmatchcase(name, pattern) for pattern in given.get("Include", []))


def _system(given: dict[str, Any]) -> dict[str, str]:
    return {_SYSTEM[name]: value for name, value in given.get("SystemMetadata", {}).items() if name in _SYSTEM}


def _true(given: dict[str, Any], name: str, *, default: bool) -> bool:
    return str(given.get(name, default)).lower() == "true"


handler = answered(_work)
