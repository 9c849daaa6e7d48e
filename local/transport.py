"""boto3 without a socket: every call of a session goes straight into a WSGI app."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
import botocore
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader
from botocore.utils import parse_timestamp
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

ADMINISTRATOR: Final = "local"
"""An access key that nobody has issued: the account's administrator."""
CLOUD: Final = "cloud"
"""A key of the administrator's by which the cloud keeps house: its history of calls leaves those of this key out."""
_SIGNATURES: Final = ("v4", "s3v4", "s3", "v4a")
_NAMED: Final = "named"
_UNPREFIXED: Final = ("CONTENT_TYPE", "CONTENT_LENGTH")


class _Body(io.BytesIO):
    """The raw body as botocore reads it: whole, or as a stream."""

    def stream(self, amt: int = 65536, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


def session(app: WSGIApplication, *, region: str, access_key_id: str = ADMINISTRATOR) -> boto3.Session:
    """A boto3 session whose clients talk to `app` in process, over the same wire format as a real server.

    Nothing touches the network or the user's own configuration.
    """
    core = botocore.session.Session(event_hooks=copy.copy(_handlers()), include_builtin_handlers=False)
    core.register_component("data_loader", _loader())
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    # moto tells buckets by the path: it sees no host names. What this machine is need not be told: putting that
    # together takes as long as the rest of a request.
    agent = f"Boto3/{boto3.__version__} in-process"
    core.set_default_client_config(Config(s3={"addressing_style": "path"}, user_agent=agent))

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return _send(app, request)

    handlers: Any = {"before-send": send, "choose-signer": _choose_no_signer, "before-sign": _name_the_caller}
    for event, handler in handlers.items():
        core.register(event, handler)
    core.set_credentials(access_key_id, "local")
    return boto3.Session(botocore_session=core, region_name=region)


@functools.cache
def _handlers() -> HierarchicalEmitter:
    # botocore's own, to be copied: registering the hundreds of them takes most of the time that a session takes.
    handlers = HierarchicalEmitter()
    botocore.session.Session(event_hooks=handlers)
    return handlers


@functools.cache
def _loader() -> Loader:
    # One for all sessions: reading SageMaker's service model takes 0.2 s, and a loader keeps what it has read.
    return Loader()


def _moment(value: Any) -> datetime:
    # botocore's own parser takes any format there is, and the third of a millisecond.
    if isinstance(value, str) and value[10:11] == "T" and value.endswith("Z"):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value)
    return parse_timestamp(value)


def _choose_no_signer(signature_version: Any, context: dict[str, Any], **_: Any) -> Any:
    # Nobody checks signatures here, and they take a third of the time of a call. Presigned URLs leave the process.
    if signature_version not in _SIGNATURES:
        return None
    context[_NAMED] = True
    return botocore.UNSIGNED


def _name_the_caller(request: Any, request_signer: Any, signing_name: str, region_name: str, **_: Any) -> None:
    if not request.context.get(_NAMED):
        return
    signing = request.context.get("signing", {})
    scope = f"{signing.get('region') or region_name}/{signing.get('signing_name') or signing_name}"
    key = request_signer._credentials.access_key
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/20260101/{scope}/aws4_request, SignedHeaders=host, Signature=in-process"
    )


def _send(app: WSGIApplication, request: AWSPreparedRequest) -> AWSResponse:
    body = request.body if request.body is not None else b""
    data = body.read() if hasattr(body, "read") else body
    environ = _environ(request, data if isinstance(data, bytes | bytearray) else data.encode())
    chunks, status, answered = run_wsgi_app(app, environ, buffered=True)
    response_headers = HTTPHeaders()
    for name, value in answered.items():
        response_headers[name] = value
    return AWSResponse(request.url, int(status.split()[0]), response_headers, _Body(b"".join(chunks)))


def _environ(request: AWSPreparedRequest, body: bytes | bytearray) -> WSGIEnvironment:
    parts = urlsplit(request.url)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "RAW_URI": f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if name.lower() != "transfer-encoding":
            key = name.upper().replace("-", "_")
            environ[key if key in _UNPREFIXED else f"HTTP_{key}"] = _text(value)
    environ["CONTENT_LENGTH"] = str(len(body))  # HTTP clients send that of an empty body too, and moto's S3 insists
    return environ


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
