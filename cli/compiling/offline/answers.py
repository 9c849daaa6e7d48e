"""Answers the few AWS calls that the SageMaker SDK makes while a pipeline is being defined; refuses all others.

Uploads land in a folder: they are the code and data files that the pipeline's jobs will need.
"""

from __future__ import annotations

import io
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from guard import NetworkUseError

_CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::{account}:assumed-role/sluice-compile/compile</Arn><UserId>compile</UserId>
<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
_ROLE = """<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>sluice-compile-pipeline</RoleName>
<RoleId>AROA00000000000000000</RoleId><Arn>{role}</Arn><CreateDate>2020-01-01T00:00:00Z</CreateDate>
</Role></GetRoleResult></GetRoleResponse>"""
_BUCKETS = """<ListAllMyBucketsResult><Buckets><Bucket><Name>{bucket}</Name>
<CreationDate>2020-01-01T00:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""


class _Body(io.BytesIO):
    """A response body as urllib3 would give it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


class Answers:
    """What every botocore session of this process hears instead of AWS."""

    def __init__(self, uploads: Path, values: dict[str, str]) -> None:
        self._uploads = uploads
        self._texts = {
            "sts.GetCallerIdentity": _CALLER.format_map(values),
            "iam.GetRole": _ROLE.format_map(values),
            "s3.ListBuckets": _BUCKETS.format_map(values),
            "s3.HeadBucket": "",
        }

    def install(self) -> None:
        """Answer the sessions made from now on."""
        original = botocore.session.Session.__init__

        def start(session: Any, *args: Any, **kwargs: Any) -> None:
            original(session, *args, **kwargs)
            session.register("before-send", self.answer)

        botocore.session.Session.__init__ = start  # type: ignore[method-assign]  # the one seam below every client

    def answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        """The response to ``request``; botocore then sends nothing."""
        operation = event_name.removeprefix("before-send.")
        if operation == "s3.PutObject":
            self._keep(request)
            return self._response(request, "", etag='"offline"')
        if operation not in self._texts:
            raise NetworkUseError(f"AWS's {operation}")
        return self._response(request, self._texts[operation])

    def _keep(self, request: Any) -> None:
        address = urllib.parse.urlsplit(request.url)
        path = self._uploads / address.netloc.split(".")[0] / urllib.parse.unquote(address.path.lstrip("/"))
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)

    def _response(self, request: Any, text: str, **headers: str) -> AWSResponse:
        return AWSResponse(request.url, 200, {"content-type": "text/xml", **headers}, _Body(text.encode()))
