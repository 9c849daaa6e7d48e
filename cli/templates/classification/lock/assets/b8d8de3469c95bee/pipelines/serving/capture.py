"""Keeps requests with masked columns and their answers, in data capture's form, where the platform's capture lies.

SageMaker captures requests outside the container, as they came. Where columns are masked it captures answers alone, and
the container writes the requests. Nothing is written in clear: not to a file, not to the log. A request is masked and
written some seconds after its answer, in another thread; what cannot be written is lost, and disturbs no answer.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import importlib.util
import json
import random
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import pandas as pd

from pipelines.serving.masking import Mask

FLUSH_SECONDS = 5.0
MOST_ROWS = 20_000
"""Rows that wait at most; those of requests beyond are lost, and counted in the log."""
SUFFIX = "-masked.jsonl"
"""How the names of these files end: beside them lie the platform's, which have answers alone."""

_UTC = timezone.utc  # noqa: UP017 - datetime.UTC is younger than the image's Python
_INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
_CSV = {"observedContentType": "text/csv; charset=utf-8", "encoding": "CSV"}


@dataclass(frozen=True)
class Settings:
    """What the container's environment says of the capture."""

    folder: str
    """``s3://<bucket>/<model>/<version>/<endpoint>/<variant>``."""
    percent: float
    kms_key: str
    """The ARN of the key, or of its alias, that encrypts what is written."""
    secret: str
    """The name of the secret that holds the key to hash with."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """KeyError, with its name, for a variable that is missing."""
        return cls(
            folder=environment["SLUICE_CAPTURE_FOLDER"],
            percent=float(environment["SLUICE_CAPTURE_PERCENT"]),
            kms_key=environment["SLUICE_CAPTURE_KEY"],
            secret=environment["SLUICE_MASK_SECRET"],
        )

    @property
    def region(self) -> str:
        """Where bucket, key and secret are."""
        return self.kms_key.split(":")[3]


@dataclass(frozen=True)
class Exchange:
    """A request's rows and their scores."""

    rows: pd.DataFrame
    scores: Sequence[float]
    at: datetime
    inference_id: str | None


class Capture:
    """Buffers exchanges and writes them, masked, as files of many records."""

    def __init__(
        self,
        settings: Settings,
        mask: Mask,
        *,
        clients: Callable[[str], Any] | None = None,
        flush_seconds: float = FLUSH_SECONDS,
    ) -> None:
        self._settings, self._mask = settings, mask
        self._client = clients or functools.partial(_client, region=settings.region)
        self._flush_seconds = flush_seconds
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[Exchange] = []
        self._rows = self._lost = 0
        self._timer: threading.Timer | None = None
        self._flask = importlib.import_module("flask") if importlib.util.find_spec("flask") else None
        self._key: bytes | None = None
        self._s3: Any = None
        importlib.import_module("boto3")  # while the process ends it could no longer be imported
        atexit.register(self.flush)

    def keep(self, rows: pd.DataFrame, scores: Sequence[float]) -> None:
        """Keep what the request of this thread was answered, if the sample takes it; quick, and never raises."""
        if random.random() * 100 >= self._settings.percent:
            return
        at, inference_id = told(self._flask)
        with self._lock:
            if self._rows + len(rows) > MOST_ROWS:
                self._lost += 1
                return
            self._waiting.append(Exchange(rows, scores, at, inference_id))
            self._rows += len(rows)
            if self._timer is None:
                self._timer = threading.Timer(self._flush_seconds, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            waiting, lost = self._waiting, self._lost
            self._waiting, self._rows, self._lost, self._timer = [], 0, 0, None
        if lost:
            _say(f"{lost} requests were not captured: more than {MOST_ROWS} rows waited")
        if not waiting:
            return
        with self._writing:
            try:
                self._write(waiting)
            except Exception as error:  # noqa: BLE001 - a capture that fails disturbs no endpoint
                # Not the error's own words: they may quote what was to be hidden.
                _say(f"{len(waiting)} requests were not captured: {type(error).__name__}{_code(error)}")

    def _write(self, waiting: Sequence[Exchange]) -> None:
        key = self._hash_key()
        hours: dict[str, list[Exchange]] = {}
        for exchange in waiting:
            hours.setdefault(f"{exchange.at:%Y/%m/%d/%H}", []).append(exchange)
        if self._s3 is None:
            self._s3 = self._client("s3")
        bucket, _, prefix = self._settings.folder.removeprefix("s3://").partition("/")
        for hour, exchanges in hours.items():
            first = exchanges[0].at
            name = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}{SUFFIX}"
            self._s3.put_object(
                Bucket=bucket,
                Key=f"{prefix}/{hour}/{name}",
                Body="".join(f"{record(exchange, self._mask, key=key)}\n" for exchange in exchanges).encode(),
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self._settings.kms_key,
            )

    def _hash_key(self) -> bytes:
        if not self._mask.needs_key:
            return b""
        if self._key is None:
            found = self._client("secretsmanager").get_secret_value(SecretId=self._settings.secret)
            self._key = str(found["SecretString"]).encode()
        return self._key


def record(exchange: Exchange, mask: Mask, *, key: bytes) -> str:
    """One line: the masked request and its answer (Developer Guide, "Capture data from real-time endpoint")."""
    rows = exchange.rows.to_dict(orient="records")
    answer = "".join(f"{score!r}\n" for score in exchange.scores)
    metadata = {"eventId": str(uuid.uuid4()), "inferenceTime": f"{exchange.at:%Y-%m-%dT%H:%M:%SZ}"}
    if exchange.inference_id is not None:
        metadata["inferenceId"] = exchange.inference_id
    sides = {
        "endpointInput": {"mode": "INPUT", "data": mask.masked(rows, key=key), **_CSV},
        "endpointOutput": {"mode": "OUTPUT", "data": answer, **_CSV},
    }
    return json.dumps({"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"})


def told(flask: Any) -> tuple[datetime, str | None]:
    """When the request of this thread was sent, as far as it says so, and the id that its caller gave it.

    SageMaker's containers answer requests by Flask, and the platform hands on the headers that InvokeEndpoint has
    (SageMaker API Reference, "InvokeEndpoint"). Without Flask nobody knows the id.
    """
    headers = flask.request.headers if flask and flask.has_request_context() else {}
    return _moment(headers.get("Date")), headers.get(_INFERENCE_ID)


def _moment(date: str | None) -> datetime:
    try:
        return parsedate_to_datetime(date or "").astimezone(_UTC)
    except (TypeError, ValueError):
        return datetime.now(_UTC)


def _client(service: str, *, region: str) -> Any:
    """A client of AWS's, made in the thread that writes: it takes longer than many answers."""
    boto3: Any = importlib.import_module("boto3")
    return boto3.session.Session(region_name=region).client(service)


def _code(error: Exception) -> str:
    """The code of an error of AWS's, which is a word of a known set."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return f" {code}" if code else ""


def _say(sentence: str) -> None:
    sys.stderr.write(f"capture: {sentence}\n")
