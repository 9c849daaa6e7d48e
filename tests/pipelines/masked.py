"""What tests ask of masked capture inside an image."""

import contextlib
import io
import json
from datetime import datetime, timedelta, timezone

import pandas as pd

from pipelines.serving import capture
from pipelines.serving.capture import Capture, Exchange, Settings
from pipelines.serving.masking import Mask

KEY = "the stage's key"
SECRET = "Aurelia"
SETTINGS = Settings(
    folder="s3://bucket/m/1/e/AllTraffic", percent=100, kms_key="arn:aws:kms:eu-west-1:1:alias/k", secret="s"
)


class Amazon:
    """S3 and Secrets Manager; `broken` is what putting an object raises."""

    def __init__(self, broken=None):
        self.put, self._broken = {}, broken

    def __call__(self, service):
        return self

    def get_secret_value(self, SecretId):
        return {"SecretString": KEY}

    def put_object(self, Key, Body, **_):
        if self._broken:
            raise self._broken
        self.put[Key] = Body.decode()


def masked(how, rows):
    """Rows as they are written."""
    return Mask(how).masked(rows, key=KEY.encode())


def mask_of(variable, columns):
    """What a container makes of its environment, or why it does not start."""
    try:
        return dict(Mask.of({"SLUICE_MASKED": variable}, columns=columns).how)
    except ValueError as error:
        return str(error)


def written(count, *, broken=False, percent=100, rows=1):
    """What is written of some requests, and what the log says: files by hour, lines, sentences."""
    aws = Amazon(ValueError(f"nobody knows {SECRET}") if broken else None)
    settings = Settings(**{**vars(SETTINGS), "percent": percent})
    kept, log = Capture(settings, Mask({"name": "hash"}), clients=aws, flush_seconds=3600), io.StringIO()
    with contextlib.redirect_stderr(log):
        for _ in range(count):
            kept.keep(pd.DataFrame({"name": [SECRET] * rows}), [0.5] * rows)
        kept.flush()
    lines = [line for body in aws.put.values() for line in body.splitlines()]
    return {"keys": list(aws.put), "lines": [json.loads(line) for line in lines], "log": log.getvalue()}


def broken():
    """Three requests while S3 fails, and says on what."""
    return written(3, broken=True)


def too_many():
    """Three requests, of which two fill the room."""
    return written(3, rows=capture.MOST_ROWS // 2)


def sampled():
    """How many of five requests are kept where none and where all shall be."""
    return [len(written(5, percent=percent)["lines"]) for percent in (0, 100)]


def hours():
    """The files of two requests between which an hour begins."""
    aws = Amazon()
    kept = Capture(SETTINGS, Mask({"name": "drop"}), clients=aws, flush_seconds=3600)
    end = datetime(2026, 5, 6, 7, 59, 59, tzinfo=timezone.utc)  # noqa: UP017 - the image's Python has no other
    rows = pd.DataFrame({"name": [SECRET]})
    kept._write([Exchange(rows, [0.5], at, None) for at in (end, end + timedelta(seconds=2))])
    return list(aws.put)


def told(headers):
    """What a request says of itself."""
    import flask

    with flask.Flask("test").test_request_context("/invocations", method="POST", headers=headers):
        at, inference_id = capture.told(flask)
    return {"at": at.isoformat(), "id": inference_id}
