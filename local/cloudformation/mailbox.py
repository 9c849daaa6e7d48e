"""Where custom resources send their answers: a small server whose addresses are good for one answer each."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from local.serving import Door

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LARGEST_BYTES: Final = 1_000_000


@dataclass
class Letter:
    """An address that one answer may be put to; `body` is None until it is there."""

    url: str
    body: bytes | None = None


class Mailbox:
    """Listens on loopback from the first address on, as S3 does on AWS behind a presigned URL."""

    def __init__(self) -> None:
        self._letters: dict[str, Letter] = {}
        self._lock = threading.Lock()
        self._door = Door(self._take)

    def open(self) -> Letter:
        """A fresh address."""
        path = f"/{secrets.token_urlsafe(24)}"
        letter = Letter(f"http://localhost:{self._door.port}{path}")
        with self._lock:
            self._letters[path] = letter
        return letter

    def shut(self, letter: Letter) -> None:
        """Take an address back; what comes later is not found."""
        with self._lock:
            self._letters.pop(urlsplit(letter.url).path, None)

    def receive(self, path: str, body: bytes) -> bool:
        """Put an answer to its address: the first one counts. Gives whether there is such an address."""
        with self._lock:
            letter = self._letters.get(urlsplit(path).path)
            if letter is not None and letter.body is None:
                letter.body = body
            return letter is not None

    def close(self) -> None:
        """Stop listening."""
        self._door.close()

    def _take(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request, status = Request(environ), HTTPStatus.NOT_IMPLEMENTED
        if request.method == "PUT":
            known = (request.content_length or 0) <= _LARGEST_BYTES and self.receive(request.path, request.get_data())
            status = HTTPStatus.OK if known else HTTPStatus.FORBIDDEN
        return Response(status=status)(environ, start_response)
