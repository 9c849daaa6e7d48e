"""What a stack must not show: values of NoEcho parameters, and answers of custom resources that asked for it."""

from __future__ import annotations

import json
from collections.abc import Iterable

MASK = "****"


class Masked(str):
    """A text that is used and never shown."""

    __slots__ = ()


def masked(text: str, secrets: Iterable[str]) -> str:
    """JSON text with each of the values blotted out."""
    for secret in secrets:
        if secret:
            text = text.replace(json.dumps(secret)[1:-1], MASK)
    return text
