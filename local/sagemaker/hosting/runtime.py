"""InvokeEndpoint: a request to the process that serves, its metrics and its capture."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.sagemaker.errors import ModelError, Retired
from local.sagemaker.hosting.capture import Capture, Exchange
from local.sagemaker.hosting.connections import Response
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.instance import Instance
from local.sagemaker.hosting.metrics import Invocation, Metrics
from local.sagemaker.hosting.routes import Route
from local.sagemaker.plain.refused import Refused
from local.services import Services
from local.wire import Call

Params = dict[str, Any]

_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_NOT_SERVED = ("TargetModel", "TargetContainerHostname", "InferenceComponentName", "EnableExplanations", "SessionId")
_UNTYPED = "application/octet-stream"
_MESSAGE_CHARACTERS = 2048


@dataclass(frozen=True)
class _Answered:
    """What a server answered, and how long it took."""

    route: Route
    response: Response
    microseconds: float


@dataclass(frozen=True)
class Answer:
    """What a model answered, and which variant."""

    body: bytes
    content_type: str
    variant: str
    custom_attributes: str | None


class Runtime:
    """The operations of SageMaker Runtime."""

    def __init__(self, services: Services, endpoints: Endpoints, *, metrics: Metrics, capture: Capture) -> None:
        self._services, self._endpoints = services, endpoints
        self._metrics, self._capture = metrics, capture

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "InvokeEndpoint": self.invoke,
            "InvokeEndpointWithResponseStream": Refused(
                "sagemaker-runtime:InvokeEndpointWithResponseStream", "a model's answer comes whole here"
            ),
        }

    def invoke(self, params: Params, _: Call) -> Params:
        """The model's answer. Raises AwsError `ValidationError`, ModelError for an answer that is not 2xx."""
        for member in _NOT_SERVED:
            if member in params:
                raise UnsupportedLocally(f"{member} of InvokeEndpoint")
        if self._endpoints.described(params["EndpointName"]).get("AsyncInferenceConfig"):
            name = params["EndpointName"]
            raise AwsError("ValidationError", f"Endpoint {name} is asynchronous: invoke it with InvokeEndpointAsync.")
        answer = self.answer(params)
        return {
            "Body": answer.body,
            "ContentType": answer.content_type,
            "InvokedProductionVariant": answer.variant,
            "CustomAttributes": answer.custom_attributes,
        }

    def answer(self, params: Params) -> Answer:
        """What a server of the endpoint answers to these members, counted and captured. Raises as `invoke` does."""
        began = time.perf_counter()
        answered = self._ask(params)
        instance, response = answered.route.instance, answered.response
        overhead = (time.perf_counter() - began) * 1e6 - answered.microseconds
        now, name = self._services.clock.now(), params["EndpointName"]
        self._metrics.record(Invocation(name, answered.route, now, response.status, answered.microseconds, overhead))
        if not 200 <= response.status < 300:
            instance.ship_log()
            raise _model_error(instance, response)
        self._capture.record(answered.route.fleet.capture, _exchange(params, answered, at=now))
        return Answer(
            response.body, _content_type(response), instance.variant.name, _header(response, _CUSTOM_ATTRIBUTES)
        )

    def _ask(self, params: Params) -> _Answered:
        while True:
            route = self._route(params["EndpointName"], params.get("TargetVariant"))
            asked = time.perf_counter()
            try:
                headers = _headers(params, at=self._services.clock.now())
                response = route.instance.invoke(params.get("Body", b""), headers)
            except Retired:
                continue  # traffic has just moved: the endpoint has other instances, or none
            return _Answered(route, response, (time.perf_counter() - asked) * 1e6)

    def _route(self, name: str, variant: str | None) -> Route:
        route = self._endpoints.route(name, variant)
        if route is None:
            raise AwsError("ValidationError", f"Endpoint {name} of account {self._services.account} not found.")
        return route


def _headers(params: Mapping[str, Any], *, at: datetime) -> dict[str, str]:
    """What a container is told of a request, and when it was sent: its own clock may be slower than this cloud's."""
    headers = {"Content-Type": params.get("ContentType"), "Accept": params.get("Accept")}
    headers["Date"] = format_datetime(at.astimezone(UTC), usegmt=True)
    headers[_CUSTOM_ATTRIBUTES] = params.get("CustomAttributes")
    headers["X-Amzn-SageMaker-Inference-Id"] = params.get("InferenceId")
    return {name: value for name, value in headers.items() if value is not None}


def _exchange(params: Mapping[str, Any], answered: _Answered, *, at: datetime) -> Exchange:
    return Exchange(
        endpoint=params["EndpointName"],
        variant=answered.route.instance.variant.name,
        at=at,
        request=params.get("Body", b""),
        request_type=params.get("ContentType", _UNTYPED),
        response=answered.response.body,
        response_type=_content_type(answered.response),
        role_arn=answered.route.instance.variant.image.role_arn,
        inference_id=params.get("InferenceId"),
        custom_attributes=params.get("CustomAttributes"),
    )


def _content_type(response: Response) -> str:
    return _header(response, "Content-Type") or _UNTYPED


def _header(response: Response, name: str) -> str | None:
    return next((value for key, value in response.headers.items() if key.lower() == name.lower()), None)


def _model_error(instance: Instance, response: Response) -> ModelError:
    message = response.body.decode("utf-8", errors="replace")[:_MESSAGE_CHARACTERS]
    side = "client" if 400 <= response.status < 500 else "server"
    return ModelError(
        f'Received {side} error ({response.status}) from {instance.variant.name} with message "{message}".',
        original_status=response.status,
        original_message=message,
        log_stream_arn=instance.log_stream_arn,
    )
