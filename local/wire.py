"""AWS's wire protocols, server side: from an HTTP request to an operation with typed parameters, and back.

JSON and CBOR follow botocore's shapes through `local.model`. Query and REST-JSON bindings are moto's, which keeps
them current.
"""

from __future__ import annotations

import functools
import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from botocore.utils import parse_timestamp
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import QueryParser, RequestParser, RequestParserError, RestJSONParser
from moto.core.serialize import QuerySerializer, RestJSONSerializer, SerializationContext
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request

from local.errors import AwsError
from local.model import jsonable, project, typed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from local.requests import Asked


_REQUEST_ID = "x-amzn-RequestId"


@dataclass(frozen=True)
class Call:
    """One request to an AWS operation: what was asked, and who asks from where."""

    operation: OperationModel
    params: dict[str, Any]
    access_key_id: str
    region: str
    host: str
    asked: Asked | None = None


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, ready to be sent."""

    body: bytes
    headers: dict[str, str]
    status: int = 200

    @classmethod
    def of(cls, app: WSGIApplication, environ: WSGIEnvironment) -> Reply:
        """The answer of a WSGI app, whole."""
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
        return cls(b"".join(chunks), dict(headers.items()), int(status.split()[0]))


@dataclass(frozen=True)
class Raw:
    """A handler's answer for an operation whose response headers are its own, such as InvokeEndpoint's."""

    result: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """One protocol of one service, as far as requests are understood in it and errors told.

    `unknown` is the code and the status of a request that names no operation of the service.
    """

    unknown: tuple[str, int]

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        """The operation that the request names in this protocol; None when it is not of this protocol."""
        ...

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        """The request's parameters, typed. Raises AwsError `SerializationException`."""
        ...

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        """The answer that carries an error."""
        ...


class Wire(Dialect, Protocol):
    """One protocol of one service that is ours."""

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Reply:
        """The answer that carries `result`."""
        ...


class _Json:
    unknown = ("UnknownOperationException", 400)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        prefix, _, name = request.headers.get("X-Amz-Target", "").rpartition(".")
        return name if prefix and prefix == service.metadata.get("targetPrefix") else None

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        try:
            body = json.loads(request.get_data() or b"{}")
        except ValueError as error:
            raise AwsError("SerializationException", "the body is not JSON") from error
        return _typed_input(operation, body)

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Reply:
        shape = operation.output_shape
        body = jsonable(shape, project(shape, result)) if shape is not None else {}
        version = operation.service_model.metadata.get("jsonVersion", "1.1")
        return Reply(json.dumps(body).encode(), _headers(f"application/x-amz-json-{version}"))

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        version = service.metadata.get("jsonVersion", "1.1")
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        headers = _headers(f"application/x-amz-json-{version}") | {"x-amzn-ErrorType": error.code}
        return Reply(body, headers, error.status)


class _Cbor:
    """Smithy RPC v2 CBOR, which CloudWatch's clients speak since botocore 1.42."""

    _path = re.compile(r"/service/(?P<prefix>[^/]+)/operation/(?P<name>[^/]+)")
    unknown = ("UnknownOperationException", 404)
    _parser = RpcV2CBORParser()
    _serializer: Any = RpcV2CBORSerializer()

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        found = self._path.fullmatch(request.path)
        return found["name"] if found and found["prefix"] == service.metadata.get("targetPrefix") else None

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        data = request.get_data()
        stream = self._parser.get_peekable_stream_from_bytes(data)
        return _typed_input(operation, self._parser.parse_data_item(stream) if data else {})

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Reply:
        shape, body = operation.output_shape, bytearray()
        if shape is not None:
            self._serializer._serialize_data_item(body, project(shape, result), shape)
        return Reply(bytes(body or b"\xa0"), self._cbor_headers())

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        body = _cbor_text_map({"__type": error.code, "message": error.message})
        return Reply(body, self._cbor_headers() | {"x-amzn-query-error": f"{error.code};Sender"}, error.status)

    @staticmethod
    def _cbor_headers() -> dict[str, str]:
        return _headers("application/cbor") | {"smithy-protocol": "rpc-v2-cbor"}


class _Query:
    unknown = ("InvalidAction", 400)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        return request.values.get("Action")

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        return moto_read(QueryParser, operation, request, {})

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Reply:
        headers = _headers("text/xml")
        context = SerializationContext(headers[_REQUEST_ID])
        answer = QuerySerializer(operation, context=context).serialize(_projected_output(operation, result))
        return Reply(_encoded(answer["body"]), headers, answer["status_code"])

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        namespace, headers = service.metadata.get("xmlNamespace", ""), _headers("text/xml")
        # Services of this protocol have another name for a broken constraint (AWS CloudFormation API, Common errors).
        code = "ValidationError" if error.code == "ValidationException" else error.code
        body = (
            f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{escape(code)}</Code>'
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{headers[_REQUEST_ID]}</RequestId></ErrorResponse>"
        )
        return Reply(body.encode(), headers, error.status)


class _RestJson:
    unknown = ("UnknownOperationException", 404)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        found = route(service, request)
        return found[0] if found else None

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        _check_json_body(operation, request)
        found = route(operation.service_model, request)
        params = moto_read(RestJSONParser, operation, request, found[1] if found else {})
        # An empty body is a payload too, which moto's parser takes for none.
        return {**_empty_payload(operation), **_sent(operation, request, params)}

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Reply:
        answer = RestJSONSerializer(operation).serialize(_projected_output(operation, result))
        headers = _headers("application/json") | {k: str(v) for k, v in answer["headers"].items()}
        # moto's serializer overrides a Content-Type that the operation itself returns, as InvokeEndpoint does, and does
        # not know of a status that it returns, as Lambda's Invoke does.
        headers |= _modelled_content_type(operation, result)
        return Reply(_encoded(answer["body"]), headers, _modelled_status(operation, result) or answer["status_code"])

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        details = getattr(error, "details", {})
        body = json.dumps({"Message": error.message, "message": error.message, **details}).encode()
        return Reply(body, _headers("application/json") | {"x-amzn-ErrorType": error.code}, error.status)


WIRES: dict[str, Wire] = {"json": _Json(), "smithy-rpc-v2-cbor": _Cbor(), "query": _Query(), "rest-json": _RestJson()}


def wires(service: ServiceModel) -> list[Wire]:
    """The protocols a service answers, in the model's order of preference."""
    return [WIRES[name] for name in service.metadata.get("protocols", [service.protocol]) if name in WIRES]


def _typed_input(operation: OperationModel, body: Any) -> dict[str, Any]:
    return typed(operation.input_shape, body) if operation.input_shape is not None else {}


def _projected_output(operation: OperationModel, result: dict[str, Any]) -> dict[str, Any]:
    return project(operation.output_shape, result) if operation.output_shape is not None else {}


def moto_read(
    parser: type[RequestParser],
    operation: OperationModel,
    request: Request,
    url_params: dict[str, str],
) -> dict[str, Any]:
    """What one of moto's parsers makes of a request. Raises AwsError `SerializationException`."""
    fields: Any = {
        "body": request.get_data(),
        "headers": request.headers,
        "method": request.method,
        "url_params": url_params,
        "url_path": request.path,
        "values": request.values,
    }
    try:
        parsed = parser(operation, timestamp_parser=moment).parse(fields)
    except (ValueError, TypeError, AttributeError, RequestParserError) as error:
        raise AwsError("SerializationException", f"the request does not fit {operation.name}: {error}") from error
    return {name: value for name, value in parsed.items() if value is not None}


def moment(text: str) -> datetime:
    """A time as AWS's clients write it in text; UTC where it names no zone."""
    moment = parse_timestamp(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_json_body(operation: OperationModel, request: Request) -> None:
    # moto's parser takes a body that is not JSON for an empty one.
    shape = operation.input_shape
    body = request.get_data()
    if not body or shape is None or "payload" in shape.serialization:
        return
    try:
        json.loads(body)
    except ValueError as error:
        raise AwsError("SerializationException", "the body is not JSON") from error


def _sent(operation: OperationModel, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    # moto's parser makes an empty list of one that the query string does not have.
    members = operation.input_shape.members if operation.input_shape is not None else {}
    asked = {
        name: shape.serialization.get("name", name)
        for name, shape in members.items()
        if shape.type_name == "list" and shape.serialization.get("location") == "querystring"
    }
    return {name: value for name, value in params.items() if name not in asked or asked[name] in request.args}


def _empty_payload(operation: OperationModel) -> dict[str, Any]:
    if operation.input_shape is None:
        return {}
    name = operation.input_shape.serialization.get("payload")
    return {name: b""} if name and operation.input_shape.members[name].type_name == "blob" else {}


def sent_path(request: Request) -> str:
    """The path as it was sent: a slash inside a label, such as an ARN's, is quoted there and not in `request.path`."""
    return str(request.environ.get("RAW_URI", request.path)).partition("?")[0]


def route(service: ServiceModel, request: Request) -> tuple[str, dict[str, str]] | None:
    """The operation of a REST service whose path fits, and the labels in it."""
    sent = sent_path(request)
    for method, path, query, name in _routes(service):
        if method != request.method or not (found := path.fullmatch(sent)):
            continue
        if all(request.args.get(key) == value for key, value in query):
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return None


@functools.cache
def _routes(service: ServiceModel) -> list[tuple[str, re.Pattern[str], list[tuple[str, str]], str]]:
    routes = []
    for name in service.operation_names:
        http = service.operation_model(name).http
        plain, _, query = http["requestUri"].partition("?")
        path = re.escape(plain)
        pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", path)
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
        wanted = parse_qsl(query, keep_blank_values=True)
        routes.append((http["method"], re.compile(pattern + "/?"), wanted, name))
    # A literal path wins over one with a placeholder in the same place, and one with a query over one without.
    return sorted(routes, key=lambda route: (route[1].pattern.count("(?P<"), -len(route[2])))


def _modelled_content_type(operation: OperationModel, result: dict[str, Any]) -> dict[str, str]:
    members = operation.output_shape.members if operation.output_shape is not None else {}
    for name, shape in members.items():
        if shape.serialization.get("name") == "Content-Type" and result.get(name):
            return {"Content-Type": result[name]}
    return {}


def _modelled_status(operation: OperationModel, result: dict[str, Any]) -> int | None:
    members = operation.output_shape.members if operation.output_shape is not None else {}
    named = [name for name, shape in members.items() if shape.serialization.get("location") == "statusCode"]
    return next((result[name] for name in named if name in result), None)


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, _REQUEST_ID: str(uuid.uuid4())}


def _encoded(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _cbor_text_map(texts: dict[str, str]) -> bytes:
    def text(value: str) -> bytes:
        data = value.encode()
        return b"\x7a" + len(data).to_bytes(4, "big") + data

    return bytes([0xA0 + len(texts)]) + b"".join(text(k) + text(v) for k, v in texts.items())
