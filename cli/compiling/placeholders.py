"""The stage's values that a lock leaves open: placeholders in place of the stand-ins that an author's code received."""

from __future__ import annotations

import re
from typing import Any

from cli.compiling.stand_ins import ACCOUNT, BUCKET, DEFAULT_BUCKET, KMS_KEY, MODEL, MONITOR, REGION, ROLE
from env import images

NAME = "{{sluice:model}}"
"""The model's name."""
BELOW = f"s3://{{{{sluice:artifact_bucket}}}}/{NAME}/"
"""Where a pipeline's jobs may write."""

_PLACEHOLDERS = {
    ROLE: "{{sluice:role:pipeline}}",
    KMS_KEY: "{{sluice:kms_key}}",
    MONITOR: "{{sluice:function:monitor}}",
    DEFAULT_BUCKET: f"{{{{sluice:artifact_bucket}}}}/{NAME}",
    BUCKET: "{{sluice:artifact_bucket}}",
    MODEL: NAME,
}
_ANOTHER_NAME = re.compile(MODEL.replace("-", "[-_. ]?"), re.IGNORECASE)
_IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.[a-z0-9.-]+/[^\s\"']+")
_STAGE_VALUE = re.compile(rf"{ACCOUNT}|{REGION}|{_IMAGE.pattern}|arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{{12}}:")


def put(value: Any, *, open_region: bool = False) -> Any:
    """The JSON ``value`` with placeholders in place of the compile-time values.

    The region alone may be meant as it stands. It is the stage's where the author has not written it
    (``open_region``), and beside the account that does not exist.
    """
    if isinstance(value, dict):
        return {key: put(member, open_region=open_region) for key, member in value.items()}
    if isinstance(value, list):
        return [put(member, open_region=open_region) for member in value]
    return _put_text(value, open_region=open_region) if isinstance(value, str) else value


def leftovers(value: Any, *, where: str = "") -> list[str]:
    """A sentence for each text that still names somebody's account, or the account or region of compiling."""
    if isinstance(value, dict):
        return [finding for key, member in value.items() for finding in leftovers(member, where=f"{where}.{key}")]
    if isinstance(value, list):
        return [
            finding for number, member in enumerate(value) for finding in leftovers(member, where=f"{where}[{number}]")
        ]
    if not isinstance(value, str):
        return []
    if _ANOTHER_NAME.search(value):
        return [f"{where[1:]}: {value!r} is made of a changed name of the model; use the name as it is given."]
    if not _STAGE_VALUE.search(value):
        return []
    if _IMAGE.search(value):
        return [f"{where[1:]}: image {value} is not in env/images.toml; add it there."]
    return [f"{where[1:]}: {value!r} names an account or region; build it from the arguments of get_pipeline."]


def _put_text(text: str, *, open_region: bool) -> str:
    for sentinel, placeholder in _PLACEHOLDERS.items():
        text = text.replace(sentinel, placeholder)
    text = _IMAGE.sub(_put_image, text)
    if (open_region or ACCOUNT in text) and not _IMAGE.search(text):
        text = text.replace(ACCOUNT, "{{sluice:account}}").replace(REGION, "{{sluice:region}}")
    return text


def _put_image(match: re.Match[str]) -> str:
    image = images.find(match[0])
    return f"{{{{sluice:image:{image.key}}}}}" if image else match[0]
