"""Deployment packages: fetched, checked, unpacked once per content."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local.errors import AwsError, StateError, UnsupportedLocally
from local.functions.function import Code
from local.functions.standins import standing_in
from local.roles import Clients
from local.services import Services

_LARGEST_UNZIPPED_BYTES: Final = 262_144_000
_UNKNOWN_SOURCES: Final = ("ImageUri", "SourceKMSKeyArn", "S3ObjectStorageMode")


class CodeStore:
    """Keeps archives and their unpacked folders: beside the state, or in the working directory where there is none."""

    def __init__(self, services: Services) -> None:
        self._root = (services.state.folder or services.workdir).absolute() / "functions"
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
                self._write(data, archive, folder)
        return Code(base64.b64encode(digest).decode(), len(data), archive, folder, standing_in(folder))

    def moved(self, code: Code) -> Code:
        """The same code where it is now: the folder of the state may have been moved."""
        return dataclasses.replace(code, archive=self._root / code.archive.name, folder=self._root / code.folder.name)

    def keep_only(self, codes: Iterable[Code]) -> None:
        """Remove what no function has, such as what a process that was killed had half unpacked."""
        if not self._root.exists():
            return
        kept = {path.name for code in codes for path in (code.archive, code.folder)}
        for path in [path for path in self._root.iterdir() if path.name not in kept]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _write(self, data: bytes, archive: Path, folder: Path) -> None:
        # The folder comes last: where it is, all is.
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            archive.write_bytes(data)
            self._unpack(data, folder)
        except AwsError:
            archive.unlink()
            raise
        except OSError as error:
            archive.unlink(missing_ok=True)
            raise StateError(f"the code cannot be kept in {self._root}: {error}") from error

    def _unpack(self, data: bytes, folder: Path) -> None:
        fresh = Path(tempfile.mkdtemp(dir=self._root))
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(member.file_size for member in archive.infolist()) > _LARGEST_UNZIPPED_BYTES:
                    raise _invalid(f"Unzipped size must be smaller than {_LARGEST_UNZIPPED_BYTES} bytes")
                archive.extractall(fresh)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            message = "Could not unzip uploaded file. Please check your file, then try to upload again."
            raise _invalid(message) from error
        else:
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


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
