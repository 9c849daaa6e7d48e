"""Where custom resources send their answers: a small server whose addresses are good for one answer each."""

from __future__ import annotations

import http.server
import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

_LARGEST_BYTES: Final = 1_000_000
_POLL_SECONDS: Final = 0.02


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
        self._server: http.server.ThreadingHTTPServer | None = None

    def open(self) -> Letter:
        """A fresh address."""
        with self._lock:
            if self._server is None:
                self._server = self._listening()
            path = f"/{secrets.token_urlsafe(24)}"
            letter = Letter(f"http://localhost:{self._server.server_address[1]}{path}")
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
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _listening(self) -> http.server.ThreadingHTTPServer:
        mailbox = self

        class Door(http.server.BaseHTTPRequestHandler):
            """Takes what is put."""

            def do_PUT(self) -> None:
                """Take one answer."""
                size = int(self.headers.get("Content-Length") or 0)
                known = size <= _LARGEST_BYTES and mailbox.receive(self.path, self.rfile.read(size))
                self.send_response(HTTPStatus.OK if known else HTTPStatus.FORBIDDEN)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the resource's own events tell what matters."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[_POLL_SECONDS], name="mailbox", daemon=True).start()
        return server
