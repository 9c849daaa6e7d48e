"""How batch transform cuts an object into requests and puts the answers together (API reference, "TransformInput")."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from local.sagemaker.errors import JobFailed

_DEFAULT_MEGABYTES: Final = 6
_LINE: Final = b"\n"


def plain(content: bytes, job: dict[str, Any]) -> bytes:
    """An object without its compression. Raises JobFailed when it is not what the job says."""
    if job["TransformInput"].get("CompressionType") != "Gzip":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise JobFailed(f"ClientError: An object is not compressed with gzip: {error}") from error


def payloads(content: bytes, job: dict[str, Any]) -> Iterator[bytes]:
    """The bodies of the requests that carry an object: one, one for each line, or as many lines as fit into each.

    Raises JobFailed for an object, or a line, that is larger than MaxPayloadInMB; 0 sets no limit.
    """
    most = job.get("MaxPayloadInMB", _DEFAULT_MEGABYTES) * 1024 * 1024
    wanted = job["TransformInput"]
    if wanted.get("SplitType", "None") == "None":
        records = [content]
    else:
        records = [line for line in content.splitlines(keepends=True) if line.strip()]
    for record in records:
        if most and len(record) > most:
            raise JobFailed(
                f"ClientError: Too large a record: {len(record)} bytes are more than {most}, MaxPayloadInMB"
            )
    one_by_one = wanted.get("SplitType", "None") == "None" or job.get("BatchStrategy") == "SingleRecord"
    yield from records if one_by_one else _batches(records, most)


def assembled(answers: Sequence[bytes], job: dict[str, Any]) -> bytes:
    """The output of an object: the answers one behind the other, each on lines of its own with AssembleWith Line."""
    if job["TransformOutput"].get("AssembleWith", "None") == "None":
        return b"".join(answers)
    return b"".join(answer if answer.endswith(_LINE) else answer + _LINE for answer in answers)


def _batches(records: Sequence[bytes], most: int) -> Iterator[bytes]:
    batch, size = list[bytes](), 0
    for record in records:
        if batch and most and size + len(record) > most:
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(record)
        size += len(record)
    if batch:
        yield b"".join(batch)
