"""Data capture in Model Monitor's JSON lines (Developer Guide, "Capture data from real-time endpoint")."""

from __future__ import annotations

import base64
import json
import logging
import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalError
from local.sagemaker.identity import acting
from local.sagemaker.s3 import split
from local.services import Services

_log = logging.getLogger(__name__)
_FLUSH = timedelta(seconds=20)
"""How long a record waits for others: SageMaker takes minutes, and whoever reads them fetches each file by itself."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    endpoint: str
    variant: str
    at: datetime
    request: bytes
    request_type: str
    response: bytes
    response_type: str
    role_arn: str
    """The role of the model that answered: in it the capture is written."""
    inference_id: str | None = None
    custom_attributes: str | None = None


@dataclass(frozen=True)
class _Folder:
    """Where records go: one folder an hour of UTC, by the time of the invocation."""

    destination: str
    kms_key: str | None
    role_arn: str
    endpoint: str
    variant: str
    hour: str


class Capture:
    """Buffers records and writes them as files, many records each."""

    def __init__(self, services: Services, *, sample: random.Random | None = None) -> None:
        self._services = services
        self._sample = sample or random.Random()
        self._buffers: dict[_Folder, list[str]] = {}
        self._lock = threading.Lock()

    def record(self, config: Mapping[str, Any] | None, exchange: Exchange) -> None:
        """Keep an exchange if its endpoint configuration captures data and the sample takes it."""
        if not config or not config.get("EnableCapture"):
            return
        if self._sample.random() * 100 >= config["InitialSamplingPercentage"]:
            return
        folder = _Folder(
            config["DestinationS3Uri"].rstrip("/"),
            config.get("KmsKeyId"),
            exchange.role_arn,
            exchange.endpoint,
            exchange.variant,
            f"{exchange.at:%Y/%m/%d/%H}",
        )
        line = json.dumps(capture_record(config, exchange))
        with self._lock:
            first = not self._buffers
            self._buffers.setdefault(folder, []).append(line)
        if first:
            self._services.clock.after(_FLUSH, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            buffers, self._buffers = self._buffers, {}
        for folder, lines in buffers.items():
            try:
                self._write(folder, lines)
            except (BotoCoreError, ClientError, LocalError):  # no bucket, no rights: capture never disturbs an endpoint
                _log.exception("%d captured records for %s were lost", len(lines), folder.destination)

    def _write(self, folder: _Folder, lines: list[str]) -> None:
        bucket, prefix = split(folder.destination)
        now = self._services.clock.now()
        name = f"{now:%M-%S}-{now.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        path = f"{folder.endpoint}/{folder.variant}/{folder.hour}/{name}"
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": folder.kms_key} if folder.kms_key else {}
        key = f"{prefix}/{path}" if prefix else path
        body = "".join(f"{line}\n" for line in lines).encode()
        client = acting(self._services, folder.role_arn).client("s3")
        client.put_object(Bucket=bucket, Key=key, Body=body, **encryption)


def capture_record(config: Mapping[str, Any], exchange: Exchange) -> dict[str, Any]:
    """One record. Data is BASE64 unless the configuration lists its content type as CSV or JSON."""
    headers = config.get("CaptureContentTypeHeader", {})
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    captured = {}
    if modes & {"Input", "InputAndOutput"}:
        captured["endpointInput"] = _side("INPUT", exchange.request, exchange.request_type, headers)
    if modes & {"Output", "InputAndOutput"}:
        captured["endpointOutput"] = _side("OUTPUT", exchange.response, exchange.response_type, headers)
    metadata: dict[str, Any] = {"eventId": str(uuid.uuid4())}
    if exchange.custom_attributes is not None:
        metadata["customAttributes"] = [exchange.custom_attributes]
    if exchange.inference_id is not None:
        metadata["inferenceId"] = exchange.inference_id
    metadata["inferenceTime"] = f"{exchange.at:%Y-%m-%dT%H:%M:%SZ}"
    return {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}


def _side(mode: str, data: bytes, content_type: str, headers: Mapping[str, list[str]]) -> dict[str, str]:
    media_type = content_type.partition(";")[0].strip()
    encoding = "BASE64"
    if media_type in headers.get("CsvContentTypes", []):
        encoding = "CSV"
    elif media_type in headers.get("JsonContentTypes", []):
        encoding = "JSON"
    text = base64.b64encode(data).decode() if encoding == "BASE64" else data.decode("utf-8", errors="replace")
    return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}
