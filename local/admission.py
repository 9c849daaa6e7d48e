"""What is turned away before anybody looks at what it asks: unsigned, misspelt, too long, or of no operation."""

from __future__ import annotations

import gzip
import io
import json
import re
import uuid
import zlib
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request

from local.errors import AwsError, UnsupportedLocally
from local.requests import Found
from local.signing import Scope
from local.wire import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEEPS_WHAT_IS_COMPRESSED: Final = "s3"
_MOST_BYTES: Final = 70_167_211  # Lambda's CreateFunction takes the longest of all (its own message names the number)
_MOST_BYTES_OF_OBJECT: Final = 5 * 1024**3  # S3 User Guide, Uploading objects: one PUT
_PARTS: Final = ("Credential", "SignedHeaders", "Signature")
_TAKEN_UNSIGNED: Final = ("AWSCognitoIdentityService.", "AWSCognitoIdentityProviderService.")
_PAGES: Final = ("/moto-api", "/favicon.ico")


def whole(request: Request, scope: Scope | None) -> Request:
    """The request with all of its body in memory, as it was before botocore compressed it, as it does long ones.

    Raises AwsError where it is longer than AWS would take.
    """
    objects = scope is None or scope.signing_name == _KEEPS_WHAT_IS_COMPRESSED
    if (request.content_length or 0) > (_MOST_BYTES_OF_OBJECT if objects else _MOST_BYTES):
        raise _too_long(objects=objects)
    body = request.get_data(parse_form_data=False)
    if objects or request.content_encoding != "gzip":
        return Request(_with_body(request.environ, body))
    plain = _unpacked(body)
    environ = _with_body(request.environ, plain)
    del environ["HTTP_CONTENT_ENCODING"]
    return Request(environ)


def _unpacked(body: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            plain = packed.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise AwsError("SerializationException", "the body is not compressed as it says it is") from error
    if len(plain) > _MOST_BYTES:
        raise _too_long(objects=False)
    return plain


def check(request: Request, scope: Scope | None, found: Found | None) -> None:
    """Raises AwsError when the signature has not the shape of one or is missing, or not just one operation is named."""
    if request.path.startswith(_PAGES):  # moto tells them by this alone, whatever was signed and for whom
        reason = "they change and forget what the cloud keeps behind its back"
        raise UnsupportedLocally("moto's own pages, nor buckets of such names", reason=reason)
    if scope is None:
        _check_unsigned(request, found)
    elif header := request.headers.get("Authorization"):
        _check_parts(header)
    if found is not None and found.operation is None and request.method != "OPTIONS":
        code, status = found.dialect.unknown
        raise AwsError(code, f"{found.model.service_name} has no operation {_named(request)}", status=status)
    if found is not None and found.model.service_name != "s3" and request.args and request.form:
        # AWS reads one of the two; moto reads them in another order than botocore's model is read in here.
        raise AwsError("MalformedQueryString", "The query string and the body both hold parameters", status=404)


def refusal(request: Request, scope: Scope | None, error: AwsError) -> Reply:
    """The answer to a request of no known service, in the protocol that it seems to speak."""
    form = request.mimetype == "application/x-www-form-urlencoded"
    if "X-Amz-Target" in request.headers or (scope and scope.signing_name != "s3" and not form):
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return Reply(body, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}, error.status)
    told = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if form:
        text = f"<ErrorResponse><Error>{told}</Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    else:
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{told}<RequestId>{uuid.uuid4()}</RequestId></Error>'
    return Reply(text.encode(), {"Content-Type": "application/xml"}, error.status)


def _check_unsigned(request: Request, found: Found | None) -> None:
    header = request.headers.get("Authorization", "")
    if header.startswith("AWS4-"):
        _check_parts(header)
        message = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
        raise AwsError("IncompleteSignature", message, status=403)
    target = request.headers.get("X-Amz-Target", "")
    page = request.method in ("GET", "HEAD") and not target
    if found is None and not page and not target.startswith(_TAKEN_UNSIGNED):
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", status=403)


def _check_parts(header: str) -> None:
    missing = [part for part in _PARTS if not re.search(rf"\b{part}=\S", header)] if header.startswith("AWS4-") else []
    if missing:
        told = " ".join(f"Authorization header requires '{part}' parameter." for part in missing)
        raise AwsError("IncompleteSignature", told, status=403)


def _named(request: Request) -> str:
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    return target or request.values.get("Action") or f"at {request.method} {request.path}"


def _too_long(*, objects: bool) -> AwsError:
    if objects:
        return AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", status=400)
    message = f"Request must be smaller than {_MOST_BYTES} bytes"
    return AwsError("RequestEntityTooLargeException", message, status=413)


def _with_body(environ: WSGIEnvironment, body: bytes) -> WSGIEnvironment:
    return {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
