"""The proxy: takes CONNECT, speaks TLS as AWS's host, and hands what is inside to the local cloud."""

from __future__ import annotations

import base64
import contextlib
import errno
import http.client
import logging
import re
import selectors
import socket
import socketserver
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from local.proxy.certificates import Authority

_log = logging.getLogger(__name__)
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".sagemaker.aws")
_CONNECT = re.compile(rb"CONNECT ([^ :]+):(\d+) HTTP/1\.[01]\r\n")
_ESTABLISHED = b"HTTP/1.1 200 Connection Established\r\n\r\n"
_MOST_HEAD_BYTES = 16_384
_PATIENCE_SECONDS = 30.0
_PIECE_BYTES = 65_536


class Proxy:
    """Listens on loopback for HTTPS_PROXY. A context manager; leaving it ends every connection.

    `to` is the port of the local cloud; `port` is where to listen, if that is free. Hosts that are not AWS's are
    passed on unread: to the proxy that this process was given, else straight.
    """

    def __init__(self, authority: Authority, *, to: int, port: int = 0) -> None:
        self._authority, self._to = authority, to
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _listening(port, self._serve)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], name="proxy", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """For HTTPS_PROXY."""
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it
        self._server.server_close()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE_SECONDS)
        asked = _CONNECT.match(_head(client))
        if asked is None:
            client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = asked[1].decode("ascii", "replace").lower(), int(asked[2])
        try:
            if host.endswith(_AWS):
                self._impersonate(client, host)
            else:
                far = _outside(host, port, own=self.port)
                client.sendall(_ESTABLISHED)
                self._join(client, far)
        except OSError as error:  # of the far side; the near one has been told, or is gone
            with contextlib.suppress(OSError):
                client.sendall(f"HTTP/1.1 502 {type(error).__name__}\r\nContent-Length: 0\r\n\r\n".encode())

    def _impersonate(self, client: socket.socket, host: str) -> None:
        cloud = socket.create_connection(("127.0.0.1", self._to))
        client.sendall(_ESTABLISHED)
        try:
            inside = self._authority.context(host).wrap_socket(client, server_side=True)
        except (ssl.SSLError, OSError):
            cloud.close()  # the client does not trust this authority, and says so itself
            return
        with inside:
            self._join(inside, cloud)

    def _join(self, client: socket.socket, far: socket.socket) -> None:
        """Carry bytes both ways until one side has ended."""
        with far:
            with self._lock:
                self._open |= {client, far}
            try:
                _carry(client, far)
            finally:
                with self._lock:
                    self._open -= {client, far}


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, on its own thread."""
        self._serve(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with one connection; the others go on."""
        _log.exception("a connection to the proxy failed")


def _listening(port: int, serve: Callable[[socket.socket], None]) -> _Listener:
    try:
        return _Listener(("127.0.0.1", port), serve)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not port:
            raise
        return _Listener(("127.0.0.1", 0), serve)  # its users are told the URL


def _head(client: socket.socket) -> bytes:
    """A request up to its empty line; what came when it is too long, or ended before."""
    head = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n" not in head and len(head) < _MOST_HEAD_BYTES:
            piece = client.recv(1)  # one at a time, because what follows is TLS's
            if not piece:
                break
            head += piece
    return head


def _carry(client: socket.socket, far: socket.socket) -> None:
    # One thread for both ways: OpenSSL forbids reading from and writing to one connection at once.
    for connection in (client, far):
        connection.settimeout(None)
    to = {client: far, far: client}
    with contextlib.suppress(OSError), selectors.DefaultSelector() as ready:
        for connection in to:
            ready.register(connection, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                source = key.fileobj
                assert isinstance(source, socket.socket), "nothing else is registered"
                if not _passed_on(source, to[source]):
                    return


def _passed_on(source: socket.socket, sink: socket.socket) -> bool:
    piece = source.recv(_PIECE_BYTES)
    while piece:
        sink.sendall(piece)
        # What TLS has decrypted already makes no socket readable.
        waiting = source.pending() if isinstance(source, ssl.SSLSocket) else 0
        if not waiting:
            return True
        piece = source.recv(waiting)
    return False


def _outside(host: str, port: int, *, own: int) -> socket.socket:
    """A connection to a host of the world, by the way that this process has; `own` is the port of this very proxy."""
    way = urllib.parse.urlsplit(urllib.request.getproxies().get("https", ""))
    # A terminal keeps its variables when the local cloud is started in it again: the way out would lead back in.
    back = way.hostname in ("localhost", "127.0.0.1") and way.port == own
    if not way.hostname or back or urllib.request.proxy_bypass(host):
        return socket.create_connection((host, port), _PATIENCE_SECONDS)
    connection = http.client.HTTPConnection(way.hostname, way.port or 80, timeout=_PATIENCE_SECONDS)
    connection.set_tunnel(host, port, headers=_credentials(way))
    connection.connect()
    return connection.sock


def _credentials(way: urllib.parse.SplitResult) -> dict[str, str]:
    if way.username is None:
        return {}
    said = f"{urllib.parse.unquote(way.username)}:{urllib.parse.unquote(way.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(said.encode()).decode()}"}
