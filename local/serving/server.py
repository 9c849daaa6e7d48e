"""Accepts connections and answers what arrives on them, until it is closed.

Written here because no library holds the goal of twice moto_server's requests a second. Measured on two cores by
benchmarks/local_cloud.py, as times of moto_server's rate for DescribeEndpoint, CreateModelPackage and PutMetricData:

    this server             6.6   3.2   5.2
    waitress 3.0.2          2.5   1.5   2.0   (the best of three runs: 3.4, 1.9, 3.8)
    cheroot 11.1.2          0.4   0.4   0.3

waitress hands each request from one thread to another and back, which in Python costs as much as an operation here. It
also drops the headers of S3's metadata that have an underscore in their names.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from local.serving.reading import NotHttp, read_request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_IDLE_SECONDS: Final = 300.0
_JOIN_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.1
_BUFFER_BYTES: Final = 64 * 1024
_GO_ON: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_BODY: Final = ("1", "204", "304")

_log = logging.getLogger(__name__)


class Server:
    """Serves a WSGI app on a listening socket, which it closes in the end.

    A thread for each connection: one that waits, for a message or a model, is in nobody's way. What an app answers is
    sent whole, with its length.
    """

    def __init__(self, app: WSGIApplication, listening: socket.socket) -> None:
        self._app, self._listening = app, listening
        host, port = listening.getsockname()[:2]
        self._fixed = {"SERVER_NAME": host, "SERVER_PORT": str(port)}
        self._open: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._acceptor = threading.Thread(target=self._accept, name="server", daemon=True)

    def start(self) -> None:
        """Begin to accept connections."""
        self._acceptor.start()

    def close(self) -> None:
        """Accept no more, cut the connections, and wait a little for what is still being answered."""
        with self._lock:
            self._ending.set()
            threads = list(self._open.items())
        # Closing alone would not wake a thread that is in accept.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        for _, connection in threads:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        end = time.monotonic() + _JOIN_SECONDS
        for thread in (self._acceptor, *(thread for thread, _ in threads)):
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))
        self._listening.close()

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                connection, address = self._listening.accept()
            except OSError as error:
                if not self._ending.is_set():  # no descriptor is left, or the client was gone at once: others will come
                    _log.warning("a connection was not accepted: %s", error)
                    self._ending.wait(_PAUSE_SECONDS)
                continue
            self._begin(connection, address)

    def _begin(self, connection: socket.socket, address: tuple[str, int]) -> None:
        thread = threading.Thread(
            target=self._talk, args=(connection, address[0]), name=f"connection-{address[1]}", daemon=True
        )
        with self._lock:
            if self._ending.is_set():
                connection.close()
                return
            self._open[thread] = connection
        try:
            thread.start()
        except RuntimeError as error:  # this machine has no more threads
            _log.warning("a connection was not accepted: %s", error)
            connection.close()
            with self._lock:
                del self._open[thread]

    def _talk(self, connection: socket.socket, peer: str) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(_IDLE_SECONDS)
            with connection, connection.makefile("rb", _BUFFER_BYTES) as stream:
                self._answer_all(connection, cast("BinaryIO", stream), peer)
        except OSError as error:
            _log.debug("a client left: %s", error)
        finally:
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _answer_all(self, connection: socket.socket, stream: BinaryIO, peer: str) -> None:
        while True:
            try:
                environ = read_request(stream, lambda: connection.sendall(_GO_ON))
            except NotHttp as error:
                connection.sendall(_message(error.status, [("Connection", "close")], b""))
                return
            if environ is None:
                return
            environ |= self._fixed
            environ["REMOTE_ADDR"] = peer
            stays = _stays(environ)
            self._answer(connection, environ, stays=stays)
            _drain(environ["wsgi.input"])
            if not stays:
                return

    def _answer(self, connection: socket.socket, environ: WSGIEnvironment, *, stays: bool) -> None:
        began: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            began[:] = [(status, headers)]
            return written.append

        written: list[bytes] = []
        try:
            chunks = self._app(environ, start_response)
            body = b"".join([*written, *chunks])
            if (close := getattr(chunks, "close", None)) is not None:
                close()
            status, headers = began[0]
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - the border to the socket: the server goes on serving
            _log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["RAW_URI"])
            status, headers, body = "500 Internal Server Error", [], b""
        if not stays:
            headers = [*headers, ("Connection", "close")]
        if environ["REQUEST_METHOD"] == "HEAD":
            connection.sendall(_head(status, headers))
        else:
            connection.sendall(_message(status, headers, body))


def _stays(environ: WSGIEnvironment) -> bool:
    wish = environ.get("HTTP_CONNECTION", "").lower()
    return "close" not in wish and (environ["SERVER_PROTOCOL"] != "HTTP/1.0" or "keep-alive" in wish)


def _drain(body: BinaryIO) -> None:
    # What an app left of a body would be taken for the next request.
    while body.read(_BUFFER_BYTES):
        pass


def _message(status: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    if status.startswith(_NO_BODY):
        return _head(status, headers)
    others = [header for header in headers if header[0].lower() != "content-length"]
    return _head(status, [*others, ("Content-Length", str(len(body)))]) + body


def _head(status: str, headers: list[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1", "replace")
