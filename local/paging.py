"""Pages of a listing, with AWS's opaque tokens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from local.errors import AwsError

Item = TypeVar("Item")


def page(items: Sequence[Item], *, size: int, token: str | None, code: str) -> tuple[list[Item], str | None]:
    """The page that `token` points at, and the token of the next one; None when this is the last.

    Raises AwsError with the service's `code` for a token that no listing gave.
    """
    start = _offset(token, code=code) if token else 0
    end = start + size
    following = base64.urlsafe_b64encode(f"from {end}".encode()).decode() if end < len(items) else None
    return list(items[start:end]), following


def _offset(token: str, *, code: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "from":
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise AwsError(code, "The token is not valid.") from error
    raise AwsError(code, "The token is not valid.")
