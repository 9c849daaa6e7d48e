"""A server on loopback that nobody may need: it listens from when its port is first asked for."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from local.serving.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Door:
    """Serves a WSGI app on a free port. Safe for threads."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._opened: tuple[Server, int] | None = None
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, which is listened at from now on."""
        with self._lock:
            if self._opened is None:
                listening = socket.create_server(("127.0.0.1", 0))
                self._opened = Server(self._app, listening), listening.getsockname()[1]
                self._opened[0].start()
            return self._opened[1]

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()
