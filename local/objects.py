"""Whether objects are in S3, told to those who may see them, without a call: it would cost four times the operation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from local.requests import Asked
from local.seams import Guard


@dataclass(frozen=True)
class Objects:
    """What HeadObject says: moto knows which objects there are, and `guard` who may ask."""

    guard: Guard
    account: str
    region: str

    def exists(self, bucket: str, key: str, *, access_key_id: str) -> bool:
        """Whether there is an object of exactly this key. Raises AwsError where the caller may not see it."""
        params = {"Bucket": bucket, "Key": key}
        self.guard.check(
            Asked(
                service="s3",
                operation="HeadObject",
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
        return self._held(bucket, key)

    def _held(self, bucket: str, key: str) -> bool:
        from moto.s3.models import FakeKey, s3_backends

        found = s3_backends[self.account]["aws"].buckets.get(bucket)
        return found is not None and isinstance(found.keys.get(key), FakeKey)  # and not the marker of its deletion
