"""Objects of S3: listed, fetched to files, read and written as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from monitor.running.clients import THREADS
from monitor.running.errors import MissingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT: Final = ("404", "NoSuchBucket", "NoSuchKey", "NotFound")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object, and how large it is."""

    bucket: str
    key: str
    size_bytes: int = 0

    @classmethod
    def at(cls, uri: str) -> Stored:
        """The object that an ``s3://`` URI names. Raises MissingError for what is none."""
        parts = urlsplit(uri)
        if parts.scheme != "s3" or not parts.netloc:
            raise MissingError(f"{uri!r} is no URI of S3; write it like s3://bucket/key.")
        return cls(bucket=parts.netloc, key=parts.path.lstrip("/"))

    @property
    def uri(self) -> str:
        """Its ``s3://`` URI."""
        return f"s3://{self.bucket}/{self.key}"

    def below(self, name: str) -> Stored:
        """An object under this one, taken for a folder."""
        return Stored(bucket=self.bucket, key=f"{self.key.rstrip('/')}/{name}")


def listed(s3: S3Client, bucket: str, prefixes: Iterable[str]) -> Iterator[Stored]:
    """Every object under some prefixes."""
    for prefix in prefixes:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield Stored(bucket=bucket, key=item["Key"], size_bytes=item["Size"])


def fetch(s3: S3Client, objects: Sequence[Stored], folder: Path) -> list[Path]:
    """Copies of objects under a folder, with their keys for paths: several at once."""

    def one(stored: Stored) -> Path:
        path = folder / stored.key
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(stored.bucket, stored.key, str(path))
        return path

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, objects))


def content(s3: S3Client, stored: Stored) -> bytes:
    """What an object holds. Raises MissingError when it is not there."""
    try:
        return bytes(s3.get_object(Bucket=stored.bucket, Key=stored.key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
        raise MissingError(f"{stored.uri} is not there.") from error


def document(s3: S3Client, stored: Stored) -> Any:
    """The JSON that an object holds; None when it is not there."""
    try:
        return json.loads(content(s3, stored))
    except MissingError:
        return None


def found(s3: S3Client, stored: Stored) -> Any:
    """The JSON of an object that may well be missing; None then.

    Seen by listing: who may not list a whole bucket is denied to read what is not there.
    """
    there = any(each.key == stored.key for each in listed(s3, stored.bucket, [stored.key]))
    return document(s3, stored) if there else None


def put(s3: S3Client, stored: Stored, value: Any, *, media_type: str = "application/json") -> None:
    """Write an object: bytes and texts as they are, all else as JSON; what is no finite number as a text, "NaN"."""
    if isinstance(value, str):
        value = value.encode()
    body = value if isinstance(value, bytes) else json.dumps(_finite(value), indent=1, allow_nan=False).encode()
    s3.put_object(Bucket=stored.bucket, Key=stored.key, Body=body, ContentType=media_type)


def _finite(value: Any) -> Any:
    """JSON knows neither NaN nor infinity: Model Monitor writes a text in their place."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
