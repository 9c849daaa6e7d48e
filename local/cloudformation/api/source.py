"""Where a request's template and policies come from: the request itself, S3, or the stack as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.stacks import Stack
from local.roles import Clients

_BODY_BYTES: Final = 51_200
_URL_BYTES: Final = 1_000_000
_PATH_STYLE: Final = re.compile(r"s3[.-][a-z0-9.-]*amazonaws\.com|s3\.amazonaws\.com|localhost|127\.0\.0\.1")
_HOST_STYLE: Final = re.compile(r"(?P<bucket>.+)\.s3[.-][a-z0-9.-]*amazonaws\.com|(?P<plain>.+)\.s3\.amazonaws\.com")


def template_body(params: Mapping[str, Any], clients: Clients, *, previous: Stack | None = None) -> str:
    """The template that a request carries, points at, or leaves as it is. Raises InvalidRequest."""
    if params.get("UsePreviousTemplate"):
        if previous is None or previous.revision is None or "TemplateBody" in params or "TemplateURL" in params:
            raise InvalidRequest("Either Template URL or Template Body must be specified.")
        return previous.revision.template.body
    if ("TemplateBody" in params) == ("TemplateURL" in params):
        raise InvalidRequest("Either Template URL or Template Body must be specified.")
    if "TemplateURL" in params:
        return _limited(from_url(params["TemplateURL"], clients))
    body: str = params["TemplateBody"]
    if len(body.encode()) > _BODY_BYTES:
        raise InvalidRequest(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_BODY_BYTES}"
        )
    return body


def policy_body(params: Mapping[str, Any], member: str, clients: Clients) -> str | None:
    """A stack policy given as `<member>Body` or `<member>URL`; None when there is none. Raises InvalidRequest."""
    if f"{member}Body" in params and f"{member}URL" in params:
        raise InvalidRequest(f"You cannot specify both {member}Body and {member}URL")
    if f"{member}URL" in params:
        return from_url(params[f"{member}URL"], clients)
    return params.get(f"{member}Body")


def from_url(url: str, clients: Clients) -> str:
    """The text of an object in S3, by a path-style or host-style URL. Raises InvalidRequest."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    by_host = _HOST_STYLE.fullmatch(host)
    if by_host:
        bucket, key = by_host["bucket"] or by_host["plain"], path
    elif _PATH_STYLE.fullmatch(host):
        bucket, _, key = path.partition("/")
    else:
        raise InvalidRequest("TemplateURL must be a supported URL.")
    version = parse_qs(parts.query).get("versionId")
    chosen = {"VersionId": version[0]} if version else {}
    try:
        found = clients.client("s3").get_object(Bucket=bucket, Key=key, **chosen)
    except ClientError as error:
        raise InvalidRequest(f"S3 error: {error.response['Error'].get('Message', error)}") from error
    return bytes(found["Body"].read()).decode()


def _limited(body: str) -> str:
    if len(body.encode()) > _URL_BYTES:
        raise InvalidRequest(f"Template may not exceed {_URL_BYTES} bytes in size.")
    return body
