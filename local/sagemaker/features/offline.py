"""The offline store: every record as it came, in Parquet files under hourly folders of S3.

Developer Guide, "Amazon SageMaker Feature Store offline store data format".
"""

from __future__ import annotations

import logging
import secrets
import string
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalError
from local.sagemaker.context import Context
from local.sagemaker.errors import S3Error
from local.sagemaker.features.parquet import Column, write
from local.sagemaker.features.schema import Schema, Value
from local.sagemaker.s3 import split

_log = logging.getLogger(__name__)
# AWS buffers for up to fifteen minutes; nobody wants to wait here.
_FLUSH: Final = timedelta(seconds=5)
_ALPHABET: Final = string.ascii_letters + string.digits
_SUFFIX_CHARACTERS: Final = 16
_TYPES: Final = {"String": "string", "Integral": "int64", "Fractional": "double"}
_ADDED: Final = {"write_time": "timestamp", "api_invocation_time": "timestamp", "is_deleted": "boolean"}


@dataclass(frozen=True)
class Waiting:
    """A record that is not in S3 yet, with all that its file needs of its group."""

    folder: str
    role_arn: str
    kms_key: str | None
    types: dict[str, str]
    values: dict[str, Value]
    at: datetime
    invoked: datetime
    deleted: bool


class OfflineStore:
    """Buffers records, also over the end of the process, and writes them as files in the role of their group."""

    def __init__(self, context: Context) -> None:
        self._services, self._files = context.services, context.files
        self._store, self._identities = context.store, context.identities
        self._table = context.services.state.table("featurestore.waiting")
        self._lock, self._writing = threading.Lock(), threading.Lock()

    def require(self, uri: str, *, role_arn: str) -> None:
        """Raise S3Error when the bucket cannot be reached in the role."""
        bucket, _ = split(uri)
        try:
            self._identities.acting(role_arn).client("s3").get_bucket_location(Bucket=bucket)
        except (ClientError, LocalError) as error:
            raise S3Error(f"The bucket {bucket} cannot be reached as {role_arn}: {error}") from error

    def add(self, schema: Schema, values: dict[str, Value], *, at: datetime, deleted: bool = False) -> None:
        """Take a record; it is in S3 within five seconds of the cloud's time."""
        storage = schema.group["OfflineStoreConfig"]["S3StorageConfig"]
        types = {name: _TYPES[definition["FeatureType"]] for name, definition in schema.definitions.items()}
        waiting = Waiting(
            folder=storage["ResolvedOutputS3Uri"],
            role_arn=schema.group["RoleArn"],
            kms_key=storage.get("KmsKeyId"),
            types=types,
            values=values,
            at=at,
            invoked=self._services.clock.now(),
            deleted=deleted,
        )
        number = self._store.next_number("featurestore.waiting")
        with self._lock:
            first = not self._table
            self._table[str(number)] = waiting
        if first:
            self._services.clock.after(_FLUSH, self.flush)

    def flush(self) -> None:
        """Write what waits; what cannot be written is logged and dropped, as no caller is there to be told."""
        with self._writing:
            with self._lock:
                waiting = dict(self._table.items())
            files: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
            for record in waiting.values():
                files[record.folder, f"{record.at.astimezone(UTC):year=%Y/month=%m/day=%d/hour=%H}"].append(record)
            for (folder, hour), records in files.items():
                self._write(f"{folder}/{hour}", records)
            with self._lock:
                for key in waiting:
                    del self._table[key]
                more = bool(self._table)
            if more:  # what came meanwhile has waited for this to end
                self._services.clock.after(_FLUSH, self.flush)

    def _write(self, folder: str, records: Sequence[Waiting]) -> None:
        latest = max(record.at for record in records).astimezone(UTC)
        suffix = "".join(secrets.choice(_ALPHABET) for _ in range(_SUFFIX_CHARACTERS))
        uri = f"{folder}/{latest:%Y%m%dT%H%M%SZ}_{suffix}.parquet"
        bucket, key = split(uri)
        last = records[-1]
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": last.kms_key} if last.kms_key else {}
        body = write(_columns(records, written=self._services.clock.now()))
        try:
            s3 = self._identities.acting(last.role_arn).client("s3")
            s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)
        except (ClientError, BotoCoreError, LocalError):
            _log.exception("%d records of the offline store at %s were lost", len(records), folder)


def _columns(records: Sequence[Waiting], *, written: datetime) -> list[Column]:
    types = {name: kind for record in records for name, kind in record.types.items()}
    columns = [
        Column(name, kind, [_cell(kind, record.values.get(name)) for record in records]) for name, kind in types.items()
    ]
    added: dict[str, list[Any]] = {
        "write_time": [written for _ in records],
        "api_invocation_time": [record.invoked for record in records],
        "is_deleted": [record.deleted for record in records],
    }
    return columns + [Column(name, kind, added[name]) for name, kind in _ADDED.items()]


def _cell(kind: str, value: Value | None) -> Any:
    text = value.get("ValueAsString") if value else None
    if text is None:
        return None
    return {"int64": int, "double": float}.get(kind, str)(text)
