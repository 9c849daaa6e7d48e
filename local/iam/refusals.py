"""How AWS says no.

Source: IAM User Guide, "Troubleshoot access denied error messages"; the error codes are those that each service's
clients see.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from local.errors import AwsError
from local.iam.decision import Source
from local.iam.evaluation import Ask, Verdict
from local.iam.principals import Principal
from local.model import service

_CODES: Final[Mapping[str, tuple[str, int]]] = {
    "ec2": ("UnauthorizedOperation", 403),
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
}
_KEY_CODES: Final = {"sns": ("KMSAccessDenied", 400), "sqs": ("KMS.AccessDeniedException", 400)}
"""The codes of services that tell of a key that does not open apart from what else is denied."""
_BY_PROTOCOL: Final[Mapping[str, tuple[str, int]]] = {
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "smithy-rpc-v2-cbor": ("AccessDeniedException", 400),
}
_POLICIES: Final[Mapping[Source, str]] = {
    "boundary": "permissions boundary",
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "session": "session policy",
}


def denied(name: str, ask: Ask, caller: Principal, verdict: Verdict) -> AwsError:
    """The error with which the service `name` (botocore's) refuses a request."""
    code, status = _KEY_CODES[name] if name in _KEY_CODES and ask.action.startswith("kms:") else _code(name)
    on = f'"{ask.resource}"' if name == "s3" else ask.resource
    said = f"User: {caller.arn} is not authorized to perform: {ask.action} on resource: {on}"
    return AwsError(code, f"{said} {_why(ask, verdict)}", status=status)


def bad_key(name: str, *, expired: bool) -> AwsError:
    """The error for a key that is good no more, in the words of the service."""
    if name == "s3":
        if expired:
            return AwsError("ExpiredToken", "The provided token has expired.", status=400)
        said = "The AWS Access Key Id you provided does not exist in our records."
        return AwsError("InvalidAccessKeyId", said, status=403)
    said = "The security token included in the request is " + ("expired" if expired else "invalid.")
    if _protocol(name) in ("json", "rest-json"):
        code = "ExpiredTokenException" if expired else "UnrecognizedClientException"
        return AwsError(code, said, status=400 if _protocol(name) == "json" else 403)
    return AwsError("ExpiredToken" if expired else "InvalidClientTokenId", said, status=403)


def _why(ask: Ask, verdict: Verdict) -> str:
    if verdict.effect == "Deny" and verdict.origin is not None:
        kind = _POLICIES[verdict.origin.source]
        return f"with an explicit deny in {_article(kind)} {kind}"
    kind = _POLICIES[verdict.lacking or "identity"]
    if ask.action.startswith("sts:AssumeRole") and verdict.lacking == "resource":
        kind = "role trust policy"
    return f"because no {kind} allows the {ask.action} action"


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _code(name: str) -> tuple[str, int]:
    return _CODES.get(name) or _BY_PROTOCOL.get(_protocol(name), ("AccessDenied", 403))


@functools.cache
def _protocol(name: str) -> str:
    """The protocol in whose words a service refuses: that of old for those that still answer as they did in it."""
    metadata: Any = service(name).metadata if name else {}
    return "query" if "awsQueryCompatible" in metadata else str(metadata.get("protocol", ""))
