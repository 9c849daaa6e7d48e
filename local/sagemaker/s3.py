"""S3 as SageMaker's jobs and endpoints read and write it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from local.sagemaker.errors import S3Error
from local.services import Services

_MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`. Raises S3Error."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise S3Error(f"{uri!r} is not an S3 URI (s3://bucket/key)")
    return bucket, key


class Files:
    """Copies between S3 and folders. Safe for threads, as boto3's clients are."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def _client(self) -> Any:
        # Asked for late: the cloud has no clients yet while its parts are made.
        return self._services.client("s3")

    def exists(self, uri: str) -> bool:
        """Whether there is an object of exactly this key."""
        bucket, key = split(uri)
        try:
            self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return False
            raise
        return True

    def read(self, uri: str) -> bytes:
        """The content of one object. Raises S3Error when it is not there."""
        bucket, key = split(uri)
        try:
            body: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise S3Error(f"{uri} does not exist") from error
            raise
        return body

    def write(self, uri: str, content: bytes) -> None:
        """Put one object."""
        bucket, key = split(uri)
        self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def download_prefix(self, uri: str, folder: Path) -> int:
        """Fetch every object whose key begins with the URI's ("S3Prefix"); gives their number.

        Names stay relative to the prefix's last slash, so `…/train` fetches both `…/train/a.csv` as `a.csv` and
        `…/train-2.csv` as `train-2.csv`, as File mode does.
        """
        bucket, prefix = split(uri)
        count = 0
        for key in self._keys(bucket, prefix):
            target = folder / _relative(key, prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._client.download_file(bucket, key, str(target))
            count += 1
        return count

    def download(self, uri: str, file: Path) -> None:
        """Fetch one object. Raises S3Error when it is not there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.read(uri))

    def upload(self, file: Path, uri: str, *, kms_key: str | None = None) -> None:
        """Put one file, encrypted with a key of KMS when one is given."""
        bucket, key = split(uri)
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        self._client.upload_file(str(file), bucket, key, ExtraArgs=encryption)

    def upload_folder(self, folder: Path, uri: str, *, kms_key: str | None = None) -> None:
        """Put every file below a folder under a prefix; symbolic links are left out, as SageMaker leaves them."""
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                self.upload(file, f"{uri.rstrip('/')}/{file.relative_to(folder).as_posix()}", kms_key=kms_key)

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            for found in pages:
                yield from (item["Key"] for item in found.get("Contents", []) if not item["Key"].endswith("/"))
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise S3Error(f"bucket {bucket} does not exist") from error
            raise


def _relative(key: str, prefix: str) -> str:
    if key == prefix:
        return PurePosixPath(key).name
    rest = key[len(prefix) :]
    if prefix.endswith("/") or not prefix or rest.startswith("/"):
        return rest.lstrip("/")
    return PurePosixPath(prefix).name + rest
