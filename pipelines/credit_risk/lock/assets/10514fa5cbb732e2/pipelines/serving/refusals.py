"""How a request that cannot be answered is told so."""

from __future__ import annotations

from werkzeug.wrappers import Response

CSV, JSON = "text/csv", "application/json"


class PayloadError(Exception):
    """The payload cannot be scored; the text is one sentence."""


def refusal(status: int, sentence: str) -> Response:
    """The response that says it."""
    return Response(sentence, status=status, mimetype="text/plain")


def media_type(header: str) -> str:
    """The type that a header names, without parameters, in lower case."""
    return header.split(";")[0].strip().lower()
