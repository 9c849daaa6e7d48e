"""What code that defines a pipeline hears instead of AWS, and that it reaches nothing else."""

from __future__ import annotations

import io
import re
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import botocore.session
from botocore.awsrequest import AWSResponse

_CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::{account}:assumed-role/sluice-compile-pipeline/compile</Arn><UserId>compile</UserId>
<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
_ROLE = """<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>sluice-compile-pipeline</RoleName>
<RoleId>AROA00000000000000000</RoleId><Arn>{role}</Arn><CreateDate>2020-01-01T00:00:00Z</CreateDate>
</Role></GetRoleResult></GetRoleResponse>"""
_BUCKETS = """<ListAllMyBucketsResult><Buckets><Bucket><Name>{bucket}</Name>
<CreationDate>2020-01-01T00:00:00Z</CreationDate></Bucket><Bucket><Name>{default_bucket}</Name>
<CreationDate>2020-01-01T00:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""
_STARTED = "<InitiateMultipartUploadResult><UploadId>offline</UploadId></InitiateMultipartUploadResult>"
_FINISHED = "<CompleteMultipartUploadResult><ETag>offline</ETag></CompleteMultipartUploadResult>"
_PART = re.compile(r"partNumber=(\d+)")


class NetworkUseError(Exception):
    """Code that defines a pipeline reached for the network; the text says for what."""


class Answers:
    """What every botocore session of this process hears instead of AWS.

    They are the answers to the few calls that the SDK makes while a pipeline is being defined; all others are refused.
    Uploads land in a folder: they are the code and data files that the pipeline's jobs will need.
    """

    def __init__(self, uploads: Path, values: dict[str, str]) -> None:
        self._uploads = uploads
        self._parts: dict[Path, dict[int, bytes]] = {}
        self._texts = {
            "sts.GetCallerIdentity": _CALLER.format_map(values),
            "iam.GetRole": _ROLE.format_map(values),
            "s3.ListBuckets": _BUCKETS.format_map(values),
            "s3.HeadBucket": "",
        }
        self._keep = {
            "s3.PutObject": self._put,
            "s3.CreateMultipartUpload": self._start,
            "s3.UploadPart": self._part,
            "s3.CompleteMultipartUpload": self._finish,
        }

    def install(self) -> None:
        """Answer the sessions made from now on, whoever makes them."""
        original = botocore.session.Session.__init__

        def start(session: Any, *args: Any, **kwargs: Any) -> None:
            original(session, *args, **kwargs)
            session.register("before-send", self.answer)

        setattr(botocore.session.Session, "__init__", start)  # noqa: B010  # the one seam below every client

    def answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        """The response to ``request``, which botocore then does not send."""
        operation = event_name.removeprefix("before-send.")
        if operation in self._keep:
            return _response(request, self._keep[operation](self._path(request), request))
        if operation not in self._texts:
            raise NetworkUseError(f"AWS's {operation}")
        return _response(request, self._texts[operation])

    def _path(self, request: Any) -> Path:
        address = urllib.parse.urlsplit(request.url)
        bucket, key = address.netloc.split(".")[0], urllib.parse.unquote(address.path.lstrip("/"))
        return self._uploads.joinpath(bucket, key)

    def _put(self, path: Path, request: Any) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_body(request))
        return ""

    def _start(self, path: Path, _: Any) -> str:
        self._parts[path] = {}
        return _STARTED

    def _part(self, path: Path, request: Any) -> str:
        number = _PART.search(request.url)
        self._parts[path][int(number[1]) if number else 0] = _body(request)
        return ""

    def _finish(self, path: Path, _: Any) -> str:
        parts = self._parts.pop(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(parts[number] for number in sorted(parts)))
        return _FINISHED


def _body(request: Any) -> bytes:
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)


class _Body(io.BytesIO):
    """A response body as urllib3 would give it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def _response(request: Any, text: str) -> AWSResponse:
    headers: Any = {"content-type": "text/xml", "etag": '"offline"'}
    return AWSResponse(request.url, 200, headers, _Body(text.encode()))


def close_network() -> None:
    """Refuse every name look-up and every connection of this process from now on, with NetworkUseError."""

    def look_up(address: Any, *_: Any, **__: Any) -> NoReturn:
        raise NetworkUseError(f"the host {address[0] if isinstance(address, tuple) else address}")

    def connect(_: socket.socket, address: Any) -> NoReturn:
        look_up(address)

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        setattr(socket, name, look_up)
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, connect)
