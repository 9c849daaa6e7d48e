"""The requests of a package's sample payload, as the endpoint takes them one by one."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from lambdas.errors import SampleError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

_CSV, _JSON, _LINES = "text/csv", "application/json", "application/jsonlines"
_TYPES = {".csv": _CSV, ".json": _JSON, ".jsonl": _LINES}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request: its body and its content type."""

    body: bytes
    content_type: str


def of_package(arn: str, *, sagemaker: SageMakerClient, s3: S3Client) -> list[Row]:
    """The rows of a package's SamplePayloadUrl, none when it has no sample payload.

    The URL names a .tar.gz with one or more files (SageMaker API Reference, "CreateModelPackage"). Raises SampleError
    when it cannot be read, or holds no row.
    """
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    url = urlsplit(package.get("SamplePayloadUrl", ""))
    if not url.netloc:
        return []
    types = package.get("InferenceSpecification", {}).get("SupportedContentTypes", [])
    try:
        body = s3.get_object(Bucket=url.netloc, Key=url.path.lstrip("/"))["Body"].read()
        found = list(rows(body, otherwise=types[0] if types else _CSV))
    except (ClientError, tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise SampleError(f"{url.geturl()} cannot be read: {error}") from error
    if not found:
        raise SampleError(f"{url.geturl()} holds no row")
    return found


def rows(archive: bytes, *, otherwise: str) -> Iterator[Row]:
    """The requests in a .tar.gz: each line of a CSV or JSON Lines file, any other file as a whole.

    The content type is that of the file's suffix, `otherwise` where the suffix says nothing.
    """
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        for member in packed:
            stream = packed.extractfile(member)
            if stream is None:
                continue
            kind = next((kind for suffix, kind in _TYPES.items() if member.name.endswith(suffix)), otherwise)
            whole = stream.read()
            bodies = whole.splitlines(keepends=True) if kind in (_CSV, _LINES) else [whole]
            yield from (Row(body=body, content_type=kind) for body in bodies if body.strip())
