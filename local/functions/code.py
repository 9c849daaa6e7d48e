"""Deployment packages: fetched, checked, unpacked once per content."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local.errors import AwsError, UnsupportedLocally
from local.functions.function import Code
from local.roles import Clients
from local.services import Services

_LARGEST_UNZIPPED_BYTES: Final = 262_144_000
_UNKNOWN_SOURCES: Final = ("ImageUri", "SourceKMSKeyArn", "S3ObjectStorageMode")


class CodeStore:
    """Keeps archives and their unpacked folders in the cloud's working directory."""

    def __init__(self, services: Services) -> None:
        self._root = services.workdir / "functions"
        self._lock = threading.Lock()

    def put(self, source: Mapping[str, Any], caller: Clients) -> Code:
        """The code at `source`: ZipFile, or S3Bucket, S3Key and S3ObjectVersion, which the caller must be able to read.

        Raises AwsError `InvalidParameterValueException` for what is missing or not a usable archive.
        """
        for name in _UNKNOWN_SOURCES:
            if source.get(name):
                raise UnsupportedLocally(f"function code given by {name}")
        data = source["ZipFile"] if "ZipFile" in source else _fetched(source, caller)
        if not data:
            raise _invalid("Uploaded file must be a non-empty zip")
        digest = hashlib.sha256(data).digest()
        archive = self._root / f"{digest.hex()[:32]}.zip"
        folder = self._root / digest.hex()[:32]
        with self._lock:
            if not folder.exists():
                self._unpack(data, folder)
                archive.write_bytes(data)
        return Code(base64.b64encode(digest).decode(), len(data), archive, folder)

    def _unpack(self, data: bytes, folder: Path) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=self._root))
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(member.file_size for member in archive.infolist()) > _LARGEST_UNZIPPED_BYTES:
                    raise _invalid(f"Unzipped size must be smaller than {_LARGEST_UNZIPPED_BYTES} bytes")
                archive.extractall(fresh)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            message = "Could not unzip uploaded file. Please check your file, then try to upload again."
            raise _invalid(message) from error
        fresh.rename(folder)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def _fetched(source: Mapping[str, Any], caller: Clients) -> bytes:
    if "S3Bucket" not in source or "S3Key" not in source:
        raise _invalid("Please provide a source for function code.")
    version = {"VersionId": source["S3ObjectVersion"]} if "S3ObjectVersion" in source else {}
    try:
        found = caller.client("s3").get_object(Bucket=source["S3Bucket"], Key=source["S3Key"], **version)
    except ClientError as error:
        why = error.response["Error"]
        raise _invalid(
            f"Error occurred while GetObject. S3 Error Code: {why['Code']}. S3 Error Message: {why['Message']}"
        ) from error
    return bytes(found["Body"].read())
