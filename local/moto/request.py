"""The request as moto gets it: what was identified and judged, in words that moto cannot take for anything else.

moto looks for the service and the operation in more places than AWS does: the operation, say, in the URL, in any header
and in a body of JSON that has `&Action=` in a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from local.errors import AwsError
from local.requests import Asked, Found
from local.signing import Scope
from local.wire import WIRES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_AUTHORIZATION = "HTTP_AUTHORIZATION"
_COLONS = 5  # of an ARN
_TARGETS = ("TargetArn", "TopicArn", "PhoneNumber")


def check_target(asked: Asked) -> None:
    """Raise AwsError for a message to nobody, of which SNS's model knows nothing and moto fails (SNS API, Publish)."""
    if (asked.service, asked.operation) != ("sns", "Publish"):
        return
    name = next((name for name in _TARGETS if asked.params.get(name)), None)
    if name is None:
        told = "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        raise AwsError("InvalidParameter", told)
    if name != "PhoneNumber" and asked.params[name].count(":") < _COLONS:
        raise AwsError("InvalidParameter", f"Invalid parameter: {name}")


def as_judged(asked: Asked, found: Found | None, request: Request) -> WSGIEnvironment:
    """The WSGI environment of a request, its body at its beginning."""
    environ = {**request.environ, **_told_in_json(asked, found)}
    environ.pop("HTTP_ACTION", None)
    scope, header = Scope.of(request), environ.pop(_AUTHORIZATION, None)
    # moto checks what a presigned URL of S3 has signed, which it tells by the lack of this header.
    if scope is not None and (header or scope.signing_name != "s3"):
        environ[_AUTHORIZATION] = scope.header
    environ["wsgi.input"].seek(0)
    return environ


def _told_in_json(asked: Asked, found: Found | None) -> WSGIEnvironment:
    if found is None or not asked.operation or found.dialect is not WIRES["json"]:
        return {}
    version = found.model.metadata.get("jsonVersion", "1.1")
    return {"QUERY_STRING": f"Action={asked.operation}", "CONTENT_TYPE": f"application/x-amz-json-{version}"}
