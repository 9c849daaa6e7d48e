"""Stands in for handlers that the AWS CDK ships in JavaScript, which do not run here.

A function whose package is one of the CDK's own runs the module of that work in this folder instead: in Python, in the
same process as any function, in the function's own role. Written after what the CDK documents of each. A package is
the CDK's own when it holds no other files than the CDK ships, and the one with the work holds the CDK's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
_LARGEST_BYTES: Final = 2_000_000
_BESIDES: Final = {".is_custom_resource", "__entrypoint__.js", "cfn-response.js", "consts.js", "outbound.js", "util.js"}
_BUILT: Final = '"use strict"'
"""How every file in JavaScript begins that the CDK's build has written."""


@dataclass(frozen=True)
class _Mark:
    """How a package is known: the file with the work, and words that it holds."""

    module: str
    file: str
    words: tuple[str, ...]


_MARKS: Final = (
    _Mark("auto_delete_objects", "index.js", ("aws-cdk:auto-delete-objects",)),
    _Mark("auto_delete_images", "index.js", ("aws-cdk:auto-delete-images",)),
    _Mark("aws_custom_resource", "index.js", ("InstallLatestAwsSdk", "physicalResourceId")),
    _Mark("bucket_deployment", "index.py", ("DestinationBucketKeyPrefix", "aws_command", "aws-cdk:cr-owned")),
    _Mark("log_retention", "index.js", ("RetentionInDays", "LogGroupName", "SdkRetry")),
    _Mark("provider_framework", "framework.js", ("USER_ON_EVENT_FUNCTION_ARN_ENV",)),
)


def standing_in(package: Path) -> str:
    """The module that stands in for an unpacked package; empty when it is none of the CDK's."""
    for mark in _MARKS:
        file = package / mark.file
        if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
            continue
        if any(path.name not in {mark.file, *_BESIDES} and path.suffix != ".ts" for path in package.iterdir()):
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".js" and not text.startswith(_BUILT):
            continue
        if all(word in text for word in mark.words):
            return mark.module
    return ""
