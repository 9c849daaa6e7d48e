"""Empties a bucket before its deletion: the CDK's Custom::S3AutoDeleteObjects."""

from __future__ import annotations

import logging
from typing import Any

import boto3
from answering import answered  # type: ignore[import-not-found]
from botocore.exceptions import ClientError

_TAG = "aws-cdk:auto-delete-objects"


def _work(event: dict[str, Any]) -> dict[str, Any] | None:
    bucket = event["ResourceProperties"]["BucketName"]
    if event["RequestType"] == "Update" and event["OldResourceProperties"]["BucketName"] != bucket:
        return {"PhysicalResourceId": bucket}
    if event["RequestType"] == "Delete":
        _empty(bucket)
    return None


def _empty(bucket: str) -> None:
    s3: Any = boto3.client("s3")
    try:
        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "NoSuchTagSet"):
            return
        raise
    if tags.get(_TAG) != "true":
        logging.getLogger().warning(f"{bucket} is not tagged {_TAG}: its objects stay")
        return
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})


handler = answered(_work)
