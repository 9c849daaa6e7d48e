"""S3 as SageMaker's jobs and endpoints read and write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import ClientError

from local.errors import AwsError
from local.roles import Clients, NotAssumable
from local.sagemaker.errors import S3Error
from local.sagemaker.identity import acting
from local.services import Services

_WEB = re.compile(
    r"https://(?:(?P<host>[a-z0-9.-]+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?"
    r"|s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?/(?P<path>[a-z0-9.-]+))/(?P<key>.+)"
)
"""`ModelDataUrl` may be one. Amazon S3 User Guide, "Virtual hosting of buckets"."""
_MANY_PARTS_BYTES = 8 * 1024 * 1024
"""From there on boto3 sends a file in parts, as many at once as it may."""


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`, or of an address of S3's own in either style. Raises S3Error."""
    if web := _WEB.fullmatch(uri):
        return web["host"] or web["path"], web["key"]
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise S3Error(f"{uri!r} is not an S3 URI (s3://bucket/key)")
    return bucket, key


class Files:
    """Copies between S3 and folders, as the account or in a role. Safe for threads, as boto3's clients are.

    What may not be read or written raises S3Error too, with S3's own words.
    """

    def __init__(self, services: Services, *, clients: Callable[[], Clients] | None = None) -> None:
        self._services, self._clients = services, clients or (lambda: services)

    def acting(self, role_arn: str) -> Files:
        """The same in a role."""
        return Files(self._services, clients=lambda: acting(self._services, role_arn))

    def calling(self, access_key_id: str) -> Files:
        """The same in the name of whoever owns an access key."""
        return Files(self._services, clients=lambda: self._services.roles.calling(access_key_id))

    @property
    def _client(self) -> Any:
        # Asked for late: the cloud has no clients yet while its parts are made, and a session of a role ends.
        return self._clients().client("s3")

    @property
    def _key(self) -> str:
        return self._clients().access_key_id

    def exists(self, uri: str) -> bool:
        """Whether there is an object of exactly this key. Raises S3Error when that cannot be seen."""
        bucket, key = split(uri)
        with _told(uri):
            return self._services.objects.exists(bucket, key, access_key_id=self._key)

    def holds(self, uri: str) -> bool:
        """Whether there is any object in a folder. Raises S3Error when that cannot be seen."""
        bucket, key = split(uri)
        with _told(uri):
            return bool(self._keys(bucket, f"{key.rstrip('/')}/"))

    def read(self, uri: str) -> bytes:
        """The content of one object. Raises S3Error when it is not there."""
        bucket, key = split(uri)
        with _told(uri):
            return self._content(bucket, key)

    def write(self, uri: str, content: bytes) -> None:
        """Put one object."""
        bucket, key = split(uri)
        with _told(uri):
            self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def download_prefix(self, uri: str, folder: Path) -> int:
        """Fetch every object whose key begins with the URI's ("S3Prefix"); gives their number.

        Names stay relative to the prefix's last slash, so `…/train` fetches both `…/train/a.csv` as `a.csv` and
        `…/train-2.csv` as `train-2.csv`, as File mode does.
        """
        bucket, prefix = split(uri)
        count = 0
        with _told(uri):
            for key in self._keys(bucket, prefix):
                target = _place(folder, key, prefix=prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._content(bucket, key))
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
        with _told(uri):
            if file.stat().st_size < _MANY_PARTS_BYTES:
                self._client.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), **encryption)
            else:
                self._client.upload_file(str(file), bucket, key, ExtraArgs=encryption)

    def upload_folder(self, folder: Path, uri: str, *, kms_key: str | None = None) -> None:
        """Put every file below a folder under a prefix; symbolic links are left out, as SageMaker leaves them."""
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                self.upload(file, f"{uri.rstrip('/')}/{file.relative_to(folder).as_posix()}", kms_key=kms_key)

    def _content(self, bucket: str, key: str) -> bytes:
        return self._services.objects.content(bucket, key, access_key_id=self._key)

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        found = self._services.objects.keys(bucket, prefix, access_key_id=self._key)
        return [key for key in found if not key.endswith("/")]


@contextmanager
def _told(uri: str) -> Iterator[None]:
    """Let whatever S3 or IAM refuse become an S3Error that names the object."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        raise _refusal(uri, said["Code"], said.get("Message", "")) from error
    except AwsError as error:
        raise _refusal(uri, error.code, error.message) from error
    except (Boto3Error, NotAssumable) as error:
        raise S3Error(f"{uri}: {error}") from error


def _refusal(uri: str, code: str, message: str) -> S3Error:
    if code == "NoSuchBucket":
        return S3Error(f"bucket {split(uri)[0]} does not exist")
    if code == "NoSuchKey":
        return S3Error(f"{uri} does not exist")
    return S3Error(f"{uri}: {code}: {message}")


def _place(folder: Path, key: str, *, prefix: str) -> Path:
    """Where the object of a key belongs. Raises S3Error for one that leads out of the folder, as keys may."""
    name = _relative(key, prefix)
    if ".." in name.split("/"):
        raise S3Error(f"the key {key!r} leads out of the folder it would be brought into")
    return folder / name


def _relative(key: str, prefix: str) -> str:
    if key == prefix:
        return PurePosixPath(key).name
    rest = key[len(prefix) :]
    if prefix.endswith("/") or not prefix or rest.startswith("/"):
        return rest.lstrip("/")
    return PurePosixPath(prefix).name + rest
