"""What is in S3, told to those who may see it, without a call: that would cost several times the operation."""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local.errors import AwsError
from local.moto.backends import backend
from local.requests import Asked
from local.seams import Guard

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket, FakeKey

_ARCHIVED: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_RESTORED: Final = 'ongoing-request="false"'
_PATIENCE_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.001


@dataclass(frozen=True)
class Objects:
    """What HeadObject, GetObject and ListObjectsV2 say: moto knows what there is, and `guard` who may ask.

    Whoever may not raises AwsError, as do buckets and objects that are asked for and not there.
    """

    guard: Guard
    account: str
    region: str

    def exists(self, bucket: str, key: str, *, access_key_id: str) -> bool:
        """Whether there is an object of exactly this key."""
        self._judge("HeadObject", {"Bucket": bucket, "Key": key}, access_key_id)
        found = self._bucket(bucket)
        return found is not None and _held(found, key) is not None

    def content(self, bucket: str, key: str, *, access_key_id: str) -> bytes:
        """What an object holds."""
        self._judge("GetObject", {"Bucket": bucket, "Key": key}, access_key_id)
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(ValueError):  # moto closes an object just before another takes its place
                value: bytes = self._readable(bucket, key).value
                return value
            time.sleep(_PAUSE_SECONDS)
        raise AwsError("InternalError", "We encountered an internal error. Please try again.", status=500)

    def keys(self, bucket: str, prefix: str, *, access_key_id: str) -> list[str]:
        """The keys that begin with a prefix, in order."""
        self._judge("ListObjectsV2", {"Bucket": bucket, "Prefix": prefix}, access_key_id)
        found = self._there(bucket)
        # A list of a dict's keys is made at once, while other threads go on writing.
        return sorted(key for key in list(found.keys) if key.startswith(prefix) and _held(found, key) is not None)

    def _judge(self, operation: str, params: dict[str, Any], access_key_id: str) -> None:
        self.guard.check(
            Asked(
                service="s3",
                operation=operation,
                params=params,
                access_key_id=access_key_id,
                region=self.region,
                host="localhost",
                source_ip="127.0.0.1",
                user_agent="",
                id=str(uuid.uuid4()),
                mutates=False,
            )
        )

    def _readable(self, bucket: str, key: str) -> FakeKey:
        found = _held(self._there(bucket), key)
        if found is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
        if found.storage_class in _ARCHIVED and _RESTORED not in found.response_dict.get("x-amz-restore", ""):
            said = "The operation is not valid for the object's storage class"
            raise AwsError("InvalidObjectState", said, status=403)
        return found

    def _there(self, bucket: str) -> FakeBucket:
        found = self._bucket(bucket)
        if found is None:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)
        return found

    def _bucket(self, name: str) -> FakeBucket | None:
        from moto.s3.models import s3_backends

        found: FakeBucket | None = backend(s3_backends, self.account, "aws").buckets.get(name)
        return found


def _held(bucket: FakeBucket, key: str) -> FakeKey | None:
    from moto.s3.models import FakeKey

    found = bucket.keys.get(key)
    return found if isinstance(found, FakeKey) else None  # and not the marker of its deletion
