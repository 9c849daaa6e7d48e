"""Where a job's data comes from: S3 prefixes and manifests, brought into folders of its container."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.errors import UnsupportedLocally
from local.sagemaker.containers.container import Container
from local.sagemaker.errors import JobFailed, S3Error
from local.sagemaker.s3 import Files

_KINDS = ("S3Prefix", "ManifestFile")


def require_source(what: str, source: Mapping[str, Any] | None, *, mode: str = "File") -> None:
    """Refuse by name what is neither a prefix nor a manifest of S3, and what comes as a stream.

    FastFile is File here: the same paths hold the same bytes.
    """
    if source is None:
        raise UnsupportedLocally(f"the data source of {what}", reason="use S3DataSource")
    if source["S3DataType"] not in _KINDS:
        raise UnsupportedLocally(f"S3DataType {source['S3DataType']} of {what}", reason=f"use {' or '.join(_KINDS)}")
    if mode == "Pipe":
        raise UnsupportedLocally(f"input mode Pipe of {what}", reason="use File or FastFile")


def fetch(files: Files, source: Mapping[str, Any], container: Container, path: str) -> None:
    """Bring a source into a folder of a container. Raises JobFailed when there is nothing, or what may not be read."""
    uri, folder = source["S3Uri"], container.make(path)
    try:
        if source.get("S3DataType") == "ManifestFile":
            for name, address in _manifest(files.read(uri).decode("utf-8", errors="replace")):
                files.download(address, container.outside(f"{path}/{name}"))
            return
        found = files.download_prefix(uri, folder)
    except (S3Error, ValueError) as error:
        raise JobFailed(f"ClientError: Data download failed: {error}") from error
    if not found:
        raise JobFailed(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}" given in input data source.'
        )


def _manifest(text: str) -> Iterator[tuple[str, str]]:
    """The relative names and the addresses of a manifest (API reference, "S3DataSource"). Raises ValueError."""
    read = json.loads(text)
    content: list[Any] = read if isinstance(read, list) else []
    prefix = content[0].get("prefix") if content and isinstance(content[0], dict) else None
    if not isinstance(prefix, str) or not all(isinstance(name, str) for name in content[1:]):
        raise ValueError('a manifest is a JSON list of {"prefix": "s3://…"} and of names below it')
    for name in content[1:]:
        yield name, f"{prefix}{name}"
