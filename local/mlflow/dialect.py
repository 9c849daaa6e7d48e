"""How MLflow's REST API is spelt: JSON in bodies and answers, plain texts in query strings, a code in errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.model import Shape, StructureShape
from moto.core.model import OperationModel, ServiceModel
from werkzeug.wrappers import Request

from local.errors import AwsError
from local.model import jsonable, project, typed
from local.wire import Reply, route, sent_path

ARN_HEADER: Final = "x-mlflow-sm-tracking-server-arn"
"""Which tracking server a request is for: all of a region share one address (github aws/sagemaker-mlflow)."""

_ALSO: Final = {("GET", "/api/2.0/mlflow/experiments/search"): "SearchExperiments"}
"""Operations that may be asked for in a second way."""
_CODES: Final[Mapping[str, str]] = {
    "AccessDenied": "PERMISSION_DENIED",
    "ExpiredToken": "UNAUTHENTICATED",
    "InternalFailure": "INTERNAL_ERROR",
    "InvalidClientTokenId": "UNAUTHENTICATED",
    "SerializationException": "INVALID_PARAMETER_VALUE",
    "UnsupportedLocally": "NOT_IMPLEMENTED",
    "ValidationException": "INVALID_PARAMETER_VALUE",
}


class Mlflow:
    """The wire of the service `sagemaker-mlflow`."""

    unknown = ("ENDPOINT_NOT_FOUND", 404)

    def operation(self, service: ServiceModel, request: Request) -> str | None:
        """The operation whose method and path the request has."""
        found = route(service, request)
        return found[0] if found else _ALSO.get((request.method, sent_path(request)))

    def read(self, operation: OperationModel, request: Request) -> dict[str, Any]:
        """Labels of the path, the server's ARN, and what the body says, or the query string where there is no body."""
        shape = operation.input_shape
        assert isinstance(shape, StructureShape), f"{operation.name} takes parameters"
        given = _queried(shape, request) if request.method == "GET" else _body(request)
        found = route(operation.service_model, request)
        labels = found[1] if found else {}
        arn = request.headers.get(ARN_HEADER)
        params = {**given, **labels, **({"tracking_server_arn": arn} if arn else {})}
        read: dict[str, Any] = typed(shape, {name: _number(shape, name, value) for name, value in params.items()})
        return read

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Reply:
        """The answer that carries `result`."""
        shape = operation.output_shape
        body = jsonable(shape, project(shape, result)) if shape is not None else {}
        return _reply(body, 200)

    def write_error(self, service: ServiceModel, error: AwsError) -> Reply:
        """The answer that carries an error."""
        return _reply({"error_code": _CODES.get(error.code, error.code), "message": error.message}, error.status)


def _reply(body: Any, status: int) -> Reply:
    return Reply(json.dumps(body).encode(), {"Content-Type": "application/json"}, status)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise AwsError("SerializationException", "the body is not a JSON object")
    return body


def _queried(shape: StructureShape, request: Request) -> dict[str, Any]:
    asked = request.args
    lists = {name for name, member in shape.members.items() if member.type_name == "list"}
    return {name: asked.getlist(name) if name in lists else asked[name] for name in shape.members if name in asked}


def _number(shape: StructureShape, name: str, value: Any) -> Any:
    """Whole numbers and truth values that came as texts: from a query string, or as protobuf's JSON spells them."""
    member: Shape | None = shape.members.get(name)
    if member is None or not isinstance(value, str):
        return value
    if member.type_name in ("long", "integer"):
        try:
            return int(value)
        except ValueError as error:
            raise AwsError("SerializationException", f"{name} is {value!r}, which is no whole number") from error
    return value.lower() == "true" if member.type_name == "boolean" else value
