"""Long polls of SQS, which wait here and not inside moto, where nobody could send while they do."""

from __future__ import annotations

import io
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from local.requests import Asked
from local.seams import Journal
from local.wire import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_LOOK_AGAIN_SECONDS: Final = 0.25  # a delay or a visibility timeout may have ended, which no request tells
_LONGEST_SECONDS: Final = 20
_TARGET: Final = "HTTP_X_AMZ_TARGET"
_WAIT: Final = "WaitTimeSeconds"


class Polling:
    """A journal in front of another, to which a long poll becomes a short one when there is something to receive.

    Whatever else changes moto's services wakes those who wait. The time to wait is this machine's, as all time-outs.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changed = threading.Condition()

    def run(self, asked: Asked, environ: WSGIEnvironment, app: WSGIApplication) -> Reply:
        """The answer of `app`; at the latest after the 20 s that SQS allows."""
        if (asked.service, asked.operation) == ("sqs", "ReceiveMessage"):
            return self._receive(asked, environ, app)
        reply = self._journal.run(asked, environ, app)
        if asked.mutates:
            with self._changed:
                self._changed.notify_all()
        return reply

    def _receive(self, asked: Asked, environ: WSGIEnvironment, app: WSGIApplication) -> Reply:
        body = environ["wsgi.input"].read()
        seconds, waiting = self._queue(asked, environ, app)
        end = time.monotonic() + min(asked.params.get(_WAIT, seconds), _LONGEST_SECONDS)
        while True:
            if waiting or time.monotonic() >= end:
                reply = self._journal.run(asked, _with_body(environ, _short(body)), app)
                if reply.status != 200 or b"ReceiptHandle" in reply.body or time.monotonic() >= end:
                    return reply
            with self._changed:
                self._changed.wait(min(_LOOK_AGAIN_SECONDS, max(0.0, end - time.monotonic())))
            _, waiting = self._queue(asked, environ, app)

    def _queue(self, asked: Asked, environ: WSGIEnvironment, app: WSGIApplication) -> tuple[int, bool]:
        """How long its polls wait unless they say so, and whether there is anything to say: messages or an error."""
        names = ["ApproximateNumberOfMessages", "ReceiveMessageWaitTimeSeconds"]
        question = {"QueueUrl": asked.params.get("QueueUrl", ""), "AttributeNames": names}
        asking = _with_body(environ, json.dumps(question).encode())
        asking |= {_TARGET: "AmazonSQS.GetQueueAttributes", "QUERY_STRING": "Action=GetQueueAttributes"}
        asking |= {"CONTENT_TYPE": "application/x-amz-json-1.0"}
        looking = Asked(**{**vars(asked), "operation": "GetQueueAttributes", "params": question, "mutates": False})
        reply = self._journal.run(looking, asking, app)
        if reply.status != 200:
            return 0, True
        attributes: dict[str, Any] = json.loads(reply.body).get("Attributes", {})
        return int(attributes.get(names[1], 0)), attributes.get(names[0], "0") != "0"


def _short(body: bytes) -> bytes:
    if body.lstrip().startswith(b"{"):
        return json.dumps({**json.loads(body), _WAIT: 0}).encode()
    fields = [(name, value) for name, value in parse_qsl(body.decode(), keep_blank_values=True) if name != _WAIT]
    return urlencode([*fields, (_WAIT, "0")]).encode()


def _with_body(environ: WSGIEnvironment, body: bytes) -> WSGIEnvironment:
    return {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
