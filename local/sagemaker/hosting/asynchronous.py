"""InvokeEndpointAsync: requests wait in line, answers go to S3, and topics are told.

Developer Guide, "Asynchronous inference"; the notifications are those of "Check prediction results".
"""

from __future__ import annotations

import base64
import functools
import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local.background import Background
from local.errors import AwsError, LocalError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import ModelError
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.runtime import Answer, Runtime
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG
from local.sagemaker.resources import Record
from local.sagemaker.s3 import split
from local.wire import Call

Params = dict[str, Any]

_log = logging.getLogger(__name__)

_TTL_SECONDS: Final = 21_600
_INCLUDED_BYTES: Final = 128 * 1024
_FAILURES = (LocalError, BotoCoreError, ClientError)


@dataclass(frozen=True)
class Request:
    """A request that waits: what was asked, what its endpoint's configuration wanted then, and where answers go.

    All that is read and written for it is so in the role that its endpoint's model had then.
    """

    params: Params
    output: Params
    role_arn: str
    received: datetime
    output_location: str | None
    failure_location: str | None

    @property
    def endpoint(self) -> str:
        """The endpoint's name."""
        return str(self.params["EndpointName"])


class Asynchronous:
    """Takes requests and answers them on threads, each at least once, also over the end of the process.

    They wait in the table `sagemaker.async`. How many run at once is this machine's choice: the configuration's
    MaxConcurrentInvocationsPerInstance is kept and does not bind.
    """

    def __init__(self, context: Context, *, endpoints: Endpoints, runtime: Runtime) -> None:
        self._services, self._store, self._workers = context.services, context.store, context.workers
        self._files, self._identities = context.files, context.identities
        self._endpoints, self._runtime = endpoints, runtime
        self._table = context.services.state.table("sagemaker.async")
        self._background = Background("async-inference", context.services.clock, threads=4)

    def handlers(self) -> dict[str, Handler]:
        """The one operation."""
        return {"InvokeEndpointAsync": self.invoke}

    def invoke(self, params: Params, _: Call) -> Params:
        """Take a request, and say where its answer will be. Raises ValidationError."""
        if ("InputLocation" in params) == ("Body" in params and params["Body"] != b""):
            raise AwsError("ValidationError", "Exactly one of InputLocation and Body must be provided.")
        config = self._config(params["EndpointName"])
        output, inference = config["OutputConfig"], params.get("InferenceId", str(uuid.uuid4()))
        name = params.get("Filename", f"{uuid.uuid4()}.out")
        if params.get("S3OutputPathExtension"):
            name = f"{params['S3OutputPathExtension'].strip('/')}/{name}"
        request = Request(
            params={**params, "InferenceId": inference},
            output=output,
            role_arn=self._role(params["EndpointName"]),
            received=self._services.clock.now(),
            output_location=_below(output.get("S3OutputPath"), name),
            failure_location=_below(output.get("S3FailurePath"), f"{name.removesuffix('.out')}-error.out"),
        )
        key = f"{self._store.next_number('sagemaker.async'):012}"
        self._table[key] = request
        self._background.submit(functools.partial(self._run, key))
        locations = {"OutputLocation": request.output_location, "FailureLocation": request.failure_location}
        return {"InferenceId": inference, **locations}

    def resume(self) -> None:
        """Answer what the process before had not."""
        for key in list(self._table):
            self._background.submit(functools.partial(self._run, key))

    def close(self) -> None:
        """Answer nothing more."""
        self._background.close()

    def _config(self, endpoint: str) -> Record:
        try:
            name = self._store.get(ENDPOINT, endpoint)["EndpointConfigName"]
            config = self._store.get(ENDPOINT_CONFIG, name)
        except AwsError as error:
            raise self._unknown(endpoint) from error
        if "AsyncInferenceConfig" not in config:
            raise AwsError("ValidationError", f"Endpoint {endpoint} is not an asynchronous endpoint.")
        found: Record = config["AsyncInferenceConfig"]
        return found

    def _unknown(self, endpoint: str) -> AwsError:
        return AwsError("ValidationError", f"Endpoint {endpoint} of account {self._services.account} not found.")

    def _run(self, key: str) -> None:
        request: Request = self._table[key]
        try:
            settled = self._settle(request)
        except _FAILURES as error:
            # As on AWS, nobody hears of an answer that its role may not tell.
            _log.warning("of a request to %s nobody could be told: %s", request.endpoint, error)
            settled = True
        if settled:
            del self._table[key]

    def _settle(self, request: Request) -> bool:
        """Answer a request; False when it is left to the next process, since this one is ending its servers."""
        clients = self._identities.acting(request.role_arn)
        try:
            answer = self._answer(request)
            if request.output_location:
                self._write(request, request.output_location, answer.body, clients)
        except _FAILURES as error:
            if self._workers.closing:
                return False
            self._failed(request, error, clients)
        else:
            self._succeeded(request, answer, clients)
        return True

    def _role(self, endpoint: str) -> str:
        route = self._endpoints.route(endpoint, None)
        if route is None:
            raise self._unknown(endpoint)
        return route.instance.variant.image.role_arn

    def _answer(self, request: Request) -> Answer:
        params = request.params
        limit = timedelta(seconds=params.get("RequestTTLSeconds", _TTL_SECONDS))
        if self._services.clock.now() - request.received > limit:
            raise AwsError("ClientError", "The request expired before it could be processed.")
        body = params.get("Body", b"")
        if "InputLocation" in params:
            body = self._files.acting(request.role_arn).read(params["InputLocation"])
        return self._runtime.answer({**params, "Body": body})

    def _write(self, request: Request, location: str, body: bytes, clients: Any) -> None:
        bucket, key = split(location)
        kms_key = request.output.get("KmsKeyId")
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        clients.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **encryption)

    def _succeeded(self, request: Request, answer: Answer, clients: Any) -> None:
        parameters = {"contentType": answer.content_type, "outputLocation": request.output_location}
        told = {"invocationStatus": "Completed", "responseParameters": _given(parameters)}
        self._count(request, "InvocationsProcessed")
        self._publish(request, "Success", {**told, **_included(request, "SUCCESS", answer.body)}, clients)

    def _failed(self, request: Request, error: Exception, clients: Any) -> None:
        reason = f"{error.code}: {error.message}" if isinstance(error, AwsError) else f"ClientError: {error}"
        body = str(error.details["OriginalMessage"] if isinstance(error, ModelError) else reason).encode()
        self._count(request, "InvocationFailures")
        if request.failure_location:
            try:
                self._write(request, request.failure_location, body, clients)
            except _FAILURES as failed:
                reason = f"{reason} (and the failure could not be written: {failed})"
        told = {"invocationStatus": "Failed", "failureReason": reason}
        self._publish(request, "Error", {**told, **_included(request, "ERROR", body)}, clients)

    def _publish(self, request: Request, outcome: str, told: Params, clients: Any) -> None:
        topic = request.output.get("NotificationConfig", {}).get(f"{outcome}Topic")
        if topic is None:
            return
        asked = {
            "contentType": request.params.get("ContentType"),
            "endpointName": request.endpoint,
            "inputLocation": request.params.get("InputLocation"),
        }
        message = {
            "awsRegion": self._services.region,
            "eventTime": _iso(self._services.clock.now()),
            "receivedTime": _iso(request.received),
            "requestParameters": _given(asked),
            "inferenceId": request.params["InferenceId"],
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
            **told,
        }
        clients.client("sns").publish(TopicArn=topic, Message=json.dumps(message))

    def _count(self, request: Request, name: str) -> None:
        dimensions = [{"Name": "EndpointName", "Value": request.endpoint}]
        self._services.record(
            "AWS/SageMaker", [{"MetricName": name, "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"}]
        )


def _below(folder: str | None, name: str) -> str | None:
    return f"{folder.rstrip('/')}/{name}" if folder else None


def _included(request: Request, topic: str, body: bytes) -> Params:
    wanted = request.output.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", [])
    if f"{topic}_NOTIFICATION_TOPIC" not in wanted or len(body) > _INCLUDED_BYTES:
        return {}
    return {"responseBody": {"content": base64.b64encode(body).decode(), "encoding": "BASE64"}}


def _given(members: Mapping[str, Any]) -> Params:
    return {name: value for name, value in members.items() if value is not None}


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
