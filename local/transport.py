"""boto3 without a socket: every call of a session goes straight into a WSGI app."""

from __future__ import annotations

import copy
import functools
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Body(io.BytesIO):
    """The raw body as botocore reads it: whole, or as a stream."""

    def stream(self, amt: int = 65536, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


def session(app: WSGIApplication, *, region: str, access_key_id: str = "local") -> boto3.Session:
    """A boto3 session whose clients talk to `app` in process, over the same wire format as a real server.

    Nothing touches the network or the user's own configuration.
    """
    core = botocore.session.Session(event_hooks=copy.copy(_handlers()), include_builtin_handlers=False)
    core.register_component("data_loader", _loader())
    # moto tells buckets by the path: it sees no host names.
    core.set_default_client_config(Config(s3={"addressing_style": "path"}))

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return _send(app, request)

    handler: Any = send  # the stubs do not say that an answer of "before-send" is taken instead of the network
    core.register("before-send", handler)
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


def _send(app: WSGIApplication, request: AWSPreparedRequest) -> AWSResponse:
    body = request.body if request.body is not None else b""
    data = body.read() if hasattr(body, "read") else body
    headers = [(key, _text(value)) for key, value in request.headers.items() if key.lower() != "transfer-encoding"]
    path, _, query = request.url.partition("?")
    environ = Request.from_values(path, query_string=query, method=request.method, headers=headers, data=data).environ
    # werkzeug leaves the length of an empty body out; HTTP clients send it, and moto's S3 insists.
    environ.setdefault("CONTENT_LENGTH", "0")
    environ["REMOTE_ADDR"] = "127.0.0.1"
    environ["RAW_URI"] = "/" + request.url.split("/", 3)[3] if request.url.count("/") > 2 else "/"
    chunks, status, answered = run_wsgi_app(app, environ, buffered=True)
    response_headers = HTTPHeaders()
    for name, value in answered.items():
        response_headers[name] = value
    return AWSResponse(request.url, int(status.split()[0]), response_headers, _Body(b"".join(chunks)))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
