"""HTTP requests as WSGI wants them (RFC 9112, PEP 3333)."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LONGEST_LINE = 64 * 1024
_MOST_HEADERS = 200
_READ_AT_ONCE_BYTES = 1024 * 1024
_MOST_IN_CHUNKS = 5 * 1024**3 + 1024**2  # S3's largest upload (Amazon S3 User Guide, Uploading objects) and its frame
_HEXADECIMAL: Final = frozenset(b"0123456789abcdefABCDEF")
_UNPREFIXED: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
# S3's metadata may have an underscore in its name, which WSGI cannot tell from a dash: moto looks here for the name as
# it was sent (moto.core.request.PRESERVED_HEADER_NAMES_ENVIRON_KEY).
_NAMES_AS_SENT = "moto.preserved_header_names"
_METADATA = "x-amz-meta-"
_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class NotHttp(Exception):
    """What arrived is not a request that this server takes; `status` is the line to answer with."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


def read_request(stream: BinaryIO, go_on: Callable[[], None]) -> WSGIEnvironment | None:
    """The next request of a connection; None at its end. Raises NotHttp.

    A long body is read when the app reads it; `go_on` is called before, when the client waits to be told so. A body
    in chunks is put together first, as PEP 3333 knows no other.
    """
    line = _line(stream)
    while line == b"\r\n":  # some clients send one after a body (RFC 9112, 2.2)
        line = _line(stream)
    if not line:
        return None
    environ = _first_line(line)
    _headers(stream, environ)
    environ["wsgi.input"] = _body(stream, environ, go_on)
    environ["wsgi.input_terminated"] = True
    return environ


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(_LONGEST_LINE + 1)
    if len(line) > _LONGEST_LINE:
        raise NotHttp("414 URI Too Long")
    return line


def _first_line(line: bytes) -> WSGIEnvironment:
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[0].isalpha() or not words[2].startswith("HTTP/1."):
        raise NotHttp("400 Bad Request")
    method, target, version = words
    if not target.startswith("/"):  # a proxy's request has the whole URL, OPTIONS may have "*"
        _, _, path, query, _ = urlsplit(target)
        target = f"{path or '/'}?{query}" if query else path or "/"
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_PROTOCOL": version,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _headers(stream: BinaryIO, environ: WSGIEnvironment) -> None:
    names: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = stream.readline(_LONGEST_LINE + 1)
        if line in (b"\r\n", b"\n"):
            environ[_NAMES_AS_SENT] = names
            return
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not line.endswith(b"\n") or not _TOKEN.issuperset(name) or not name:
            raise NotHttp("431 Request Header Fields Too Large" if len(line) > _LONGEST_LINE else "400 Bad Request")
        if "_" in name:
            if not name.lower().startswith(_METADATA):
                continue  # it would pass for the header with a dash
            names[_key(name)] = name
        key, value = _key(name), value.strip()
        if (
            key == "CONTENT_LENGTH" and environ.get(key, value) != value
        ):  # where the next request begins is anybody's guess
            raise NotHttp("400 Bad Request")
        environ[key] = f"{environ[key]},{value}" if key in environ and key not in _UNPREFIXED else value
    raise NotHttp("431 Request Header Fields Too Large")


@functools.lru_cache(maxsize=1024)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _UNPREFIXED else f"HTTP_{key}"


def _body(stream: BinaryIO, environ: WSGIEnvironment, go_on: Callable[[], None]) -> BinaryIO:
    waits = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
    if encoding := environ.pop("HTTP_TRANSFER_ENCODING", ""):
        if encoding.lower() != "chunked":
            raise NotHttp("501 Not Implemented")
        if waits:
            go_on()
        body = _chunks(stream)
        environ["CONTENT_LENGTH"] = str(len(body))
        return io.BytesIO(body)
    length = environ.get("CONTENT_LENGTH", "") or "0"
    if not (length.isascii() and length.isdigit()):
        raise NotHttp("400 Bad Request")
    if int(length) <= _READ_AT_ONCE_BYTES and not waits:
        return io.BytesIO(_exactly(stream, int(length)))
    return io.BufferedReader(_Rest(stream, int(length), go_on if waits else None), _READ_AT_ONCE_BYTES)


def _chunks(stream: BinaryIO) -> bytes:
    body = bytearray()
    while size := _chunk_size(stream.readline(_LONGEST_LINE)):
        if len(body) + size > _MOST_IN_CHUNKS:
            raise NotHttp("413 Content Too Large")
        body += _exactly(stream, size)
        if stream.readline(3) != b"\r\n":
            raise NotHttp("400 Bad Request")
    while stream.readline(_LONGEST_LINE) not in (b"\r\n", b"\n", b""):
        pass  # trailers, of which none matters here
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not _HEXADECIMAL.issuperset(digits) or not digits:  # int() would take a sign, too
        raise NotHttp("400 Bad Request")
    return int(digits, 16)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    body = stream.read(length) if length else b""
    if len(body) < length:
        raise ConnectionResetError("the client left in the middle of a body")
    return body


class _Rest(io.RawIOBase):
    """What is left of a long body."""

    def __init__(self, stream: BinaryIO, length: int, go_on: Callable[[], None] | None) -> None:
        self._stream, self._left, self._go_on = stream, length, go_on

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._go_on is not None:
            self._go_on()
            self._go_on = None
        piece = self._stream.read(min(len(buffer), self._left))
        if not piece and self._left:
            raise ConnectionResetError("the client left in the middle of a body")
        self._left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)
