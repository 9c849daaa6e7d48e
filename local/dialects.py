"""What requests to the services of moto's say: the protocols of `local.wire`, and those that only they speak."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import EC2QueryParser, RestXMLParser
from werkzeug.wrappers import Request

from local.errors import AwsError
from local.mlflow.dialect import Mlflow
from local.wire import WIRES, Dialect, Reply, moment, moto_read, route, sent_path

_PATH_STYLE = re.compile(r"localhost|[^.]+|\d+(\.\d+){3}|s3[.-].*amazonaws\.com")
_HOST_STYLE = re.compile(r"(?P<bucket>.+)\.(localhost|s3[.-].*amazonaws\.com)")
_LEVELS: Final = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}


@dataclass(frozen=True)
class _Rule:
    """What tells an operation of S3: its method, whether of an account, bucket or key, and what must be there."""

    method: str
    level: int
    query: frozenset[tuple[str, str]]
    needs: frozenset[str]
    headers: frozenset[str]
    name: str

    @classmethod
    def of(cls, operation: OperationModel) -> _Rule | None:
        path, _, query = operation.http["requestUri"].partition("?")
        if operation.deprecated or path not in _LEVELS:
            return None
        required = {place: frozenset(_required(operation, place)) for place in ("querystring", "header")}
        items = frozenset(parse_qsl(query, keep_blank_values=True))
        return cls(
            operation.http["method"],
            _LEVELS[path],
            items,
            required["querystring"],
            required["header"],
            operation.name,
        )

    @property
    def weight(self) -> int:
        return len(self.query) + len(self.needs) + len(self.headers)

    def fits(self, request: Request) -> bool:
        args = request.args
        return (
            all(key in args and (not value or args[key] == value) for key, value in self.query)
            and all(name in args for name in self.needs)
            and all(name in request.headers for name in self.headers)
        )


class _S3:
    """S3: buckets in the path or the host, operations told by query and headers; bodies are never looked at."""

    unknown = ("MethodNotAllowed", 405)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        bucket, key = _place(request)
        if request.method == "POST" and _is_form(request):
            return "PutObject"  # Amazon S3 API Reference, POST Object: what a web page uploads
        level = 2 if key else 1 if bucket else 0
        rules = _rules(service).get((request.method, level), [])
        return next((rule.name for rule in rules if rule.fits(request)), None)

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        bucket, key = _place(request)
        params: dict[str, Any] = {"Bucket": bucket, "Key": request.form.get("key", "") if _is_form(request) else key}
        if operation.input_shape is not None:
            for name, shape in operation.input_shape.members.items():
                where, spelt = shape.serialization.get("location"), shape.serialization.get("name", name)
                if where == "headers":
                    params[name] = {
                        k[len(spelt) :].lower(): v for k, v in request.headers if k.lower().startswith(spelt)
                    }
                elif where in ("header", "querystring"):
                    given = (request.headers if where == "header" else request.args).get(spelt)
                    params[name] = None if given is None else _typed_text(shape.type_name, given)
        if operation.name == "DeleteObjects":  # each of its keys is a resource
            params |= _listed_objects(operation, request)
        if operation.name == "PutBucketPolicy":  # which must be one that can be judged by
            params["Policy"] = request.get_data(as_text=True)
        return {name: value for name, value in params.items() if value not in (None, "", {})}

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(error.code)}</Code>'
            f"<Message>{escape(error.message)}</Message><RequestId>{_request_id()}</RequestId>"
            f"<HostId>{uuid.uuid4().hex}</HostId></Error>"
        )
        return Reply(
            body.encode(), {"Content-Type": "application/xml", "x-amz-request-id": _request_id()}, error.status
        )


class _RestXml:
    """Route 53, CloudFront and their like."""

    unknown = ("InvalidAction", 404)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        found = route(service, request)
        return found[0] if found else None

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        found = route(operation.service_model, request)
        return moto_read(RestXMLParser, operation, request, found[1] if found else {})

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(error.code)}</Code>"
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
        )
        return Reply(body.encode(), {"Content-Type": "text/xml"}, error.status)


class _Ec2:
    """EC2's own kind of query."""

    unknown = ("InvalidAction", 400)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        return request.values.get("Action")

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        return moto_read(EC2QueryParser, operation, request, {})

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        body = (
            f"<Response><Errors><Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"</Error></Errors><RequestID>{uuid.uuid4()}</RequestID></Response>"
        )
        return Reply(body.encode(), {"Content-Type": "text/xml"}, error.status)


_S3_DIALECT: Final = _S3()
_DIALECTS: Final[dict[str, Dialect]] = {**WIRES, "rest-xml": _RestXml(), "ec2": _Ec2(), "mlflow": Mlflow()}


@functools.cache
def dialects(service: ServiceModel) -> list[Dialect]:
    """How requests to a service may be spelt, in the model's order of preference."""
    if service.service_name == "s3":
        return [_S3_DIALECT]
    names = list(service.metadata.get("protocols", [service.protocol]))
    if "awsQueryCompatible" in service.metadata and "query" not in names:
        names.append("query")  # SQS's older clients still speak it
    return [*(_DIALECTS[name] for name in names if name in _DIALECTS)]


def _place(request: Request) -> tuple[str, str]:
    # As moto tells them (moto.s3.responses.S3Response.subdomain_based_buckets), in words of our own.
    path = unquote(sent_path(request)).removeprefix("/")
    host = request.host.partition(":")[0]
    found = None if _PATH_STYLE.fullmatch(host) else _HOST_STYLE.fullmatch(host)
    if found:
        return found["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


@functools.cache
def _rules(service: ServiceModel) -> dict[tuple[str, int], list[_Rule]]:
    made: dict[tuple[str, int], list[_Rule]] = {}
    for name in service.operation_names:
        if rule := _Rule.of(service.operation_model(name)):
            made.setdefault((rule.method, rule.level), []).append(rule)
    return {place: sorted(rules, key=lambda rule: -rule.weight) for place, rules in made.items()}


def _required(operation: OperationModel, place: str) -> Iterator[str]:
    shape = operation.input_shape
    for name in shape.required_members if shape is not None else []:
        serialization = shape.members[name].serialization if shape is not None else {}
        if serialization.get("location") == place:
            yield serialization["name"]


def _typed_text(kind: str, text: str) -> Any:
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind == "timestamp":
            return moment(text)
    except ValueError as error:
        raise AwsError("InvalidArgument", f"{text!r} is no {kind}") from error
    if kind == "list":
        return [item.strip() for item in text.split(",")]
    return text.lower() == "true" if kind == "boolean" else text


def _is_form(request: Request) -> bool:
    return request.mimetype == "multipart/form-data"


def _listed_objects(operation: OperationModel, request: Request) -> dict[str, Any]:
    try:
        return moto_read(RestXMLParser, operation, request, {})
    except AwsError as error:
        raise malformed_xml() from error


def malformed_xml() -> AwsError:
    """S3's answer to a body that it cannot read."""
    told = "The XML you provided was not well-formed or did not validate against our published schema"
    return AwsError("MalformedXML", told)


def _request_id() -> str:
    return uuid.uuid4().hex[:16].upper()
