"""Any request identified: which operation of which service is asked for, with what, by whom, from where."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from moto.core.model import ServiceModel
from werkzeug.wrappers import Request

from local.dialects import dialects
from local.model import service
from local.signing import SERVICES, Scope
from local.wire import Dialect

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_READS: Final = (
    "BatchCheck",
    "BatchDescribe",
    "BatchGet",
    "Check",
    "Decode",
    "Decrypt",
    "Describe",
    "Detect",
    "Encrypt",
    "Estimate",
    "Filter",
    "GenerateDataKey",
    "GenerateMac",
    "GenerateRandom",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Preview",
    "Query",
    "ReEncrypt",
    "Scan",
    "Search",
    "Select",
    "Sign",
    "Simulate",
    "Test",
    "TransactGet",
    "Validate",
    "Verify",
)
"""How the names of operations begin that change nothing."""
_CHANGE_ALL_THE_SAME: Final = frozenset(
    {
        ("dynamodbstreams", "GetRecords"),  # moto keeps the iterators it gives
        ("dynamodbstreams", "GetShardIterator"),
        ("sts", "GetFederationToken"),  # keys are issued
        ("sts", "GetSessionToken"),
        ("ses", "VerifyDomainIdentity"),
        ("ses", "VerifyEmailAddress"),
        ("ses", "VerifyEmailIdentity"),
    }
)
_UNSIGNED: Final = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
"""What STS takes from callers who have no keys yet (AWS STS API)."""
_PAGES_OF_MOTO: Final = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/", "/_")


@dataclass(frozen=True)
class Asked:
    """One request, identified. What is not known is "": service and operation where botocore has no model.

    `service` is botocore's name, `params` are typed as botocore types them; of S3, only what URL and headers hold.
    `access_key_id` is "" for whoever does not sign. `mutates` says whether the operation may change anything.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(repr=False)
    access_key_id: str
    region: str
    host: str
    source_ip: str
    user_agent: str
    id: str
    mutates: bool


@dataclass(frozen=True)
class Found:
    """The operation that a request names (None: none that its service has), and how it speaks."""

    model: ServiceModel
    dialect: Dialect
    operation: str | None


def find(request: Request, scope: Scope | None) -> Found | None:
    """The service, the operation and the dialect of a request; None where botocore has no such service."""
    first: Found | None = None
    for name in _candidates(request, scope):
        model = _model(name)
        for dialect in dialects(model) if model else []:
            assert model is not None
            operation = dialect.operation(model, request)
            found = Found(model, dialect, operation if operation in model.operation_names else None)
            if found.operation:
                return found
            first = first or found
    return first


def asked(request: Request, scope: Scope | None, found: Found | None) -> Asked:
    """The request, identified. Raises AwsError `SerializationException` where it is not what its operation takes."""
    known = found is not None and found.operation is not None
    name = found.model.service_name if found and known else ""
    operation = found.operation or "" if found else ""
    return Asked(
        service=name,
        operation=operation,
        params=found.dialect.read(found.model.operation_model(operation), request) if found and known else _NOTHING,
        access_key_id=scope.access_key_id if scope else "",
        region=scope.region if scope else "",
        host=request.host,
        source_ip=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", ""),
        id=str(uuid.uuid4()),
        mutates=mutates(name, operation) if known else request.method not in ("GET", "HEAD", "OPTIONS"),
    )


@functools.cache
def mutates(service: str, operation: str) -> bool:
    """Whether an operation may change anything; told by its name, which AWS chooses by that."""
    return (service, operation) in _CHANGE_ALL_THE_SAME or not operation.startswith(_READS)


def _candidates(request: Request, scope: Scope | None) -> tuple[str, ...]:
    if scope is not None:
        return SERVICES.get(scope.signing_name, (scope.signing_name,))
    if request.path.startswith(_PAGES_OF_MOTO) or "X-Amz-Target" in request.headers:
        return ()
    if request.method == "POST" and request.path == "/":
        return ("sts",) if request.values.get("Action") in _UNSIGNED else ()
    return ("s3",)


@functools.cache
def _model(name: str) -> ServiceModel | None:
    try:
        return service(name)
    except UnknownServiceError:
        return None
