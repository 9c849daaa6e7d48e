"""Serves a model as AWS's framework containers do in script mode (sagemaker-scikit-learn-container, serving.py).

Run with the number of a listening socket. The user's module, `SAGEMAKER_PROGRAM` in `SAGEMAKER_SUBMIT_DIRECTORY`,
gives `model_fn` and may give `input_fn`, `predict_fn`, `output_fn`, or `transform_fn` in place of the three. Nothing is
accepted before the model is loaded, so that the first answer to a connection means healthy. An image with an algorithm
of its own brings defaults for the functions, `sluice_<algorithm>.serve`, and serves by them where there is no module.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_TEXT_TYPES = ("application/json", "text/csv")


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes
    custom_attributes: str | None = None


class RefusedError(Exception):
    """The request is refused with a 4xx of the container's own."""

    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code


class Transformer:
    """The user's functions around a loaded model."""

    def __init__(self, module: Any, *, defaults: Any = None) -> None:
        if not hasattr(module, "model_fn"):
            raise NotImplementedError("Please provide a model_fn implementation.")
        self._input = getattr(module, "input_fn", getattr(defaults, "input_fn", _default_input))
        self._predict = getattr(module, "predict_fn", getattr(defaults, "predict_fn", _default_predict))
        self._output = getattr(module, "output_fn", getattr(defaults, "output_fn", _default_output))
        self._transform = getattr(module, "transform_fn", None)
        self._model = module.model_fn(os.environ["SM_MODEL_DIR"])

    def answer(self, body: bytes, content_type: str, accept: str, headers: dict[str, str]) -> Answer:
        """`score`, within a request of Flask's where functions may look for its headers: AWS's containers have one."""
        flask = sys.modules.get("flask")
        if flask is None:  # nobody can look there
            return self.score(body, content_type, accept)
        with flask.Flask("sluice_serve").test_request_context("/invocations", method="POST", headers=headers):
            return self.score(body, content_type, accept)

    def score(self, body: bytes, content_type: str, accept: str) -> Answer:
        """Score one request. What the functions raise becomes a status: theirs when they name one, else 500."""
        content: bytes | str = body.decode("utf-8") if content_type in _TEXT_TYPES else body
        try:
            if self._transform is not None:
                return _as_answer(self._transform(self._model, content, content_type, accept))
            prediction = self._predict(self._input(content, content_type), self._model)
            return _as_answer(self._output(prediction, accept))
        except Exception as error:  # noqa: BLE001 - the border: user code may raise anything
            return _failure(error)


def load() -> Transformer:
    """Install what the user's module requires, import it and load the model."""
    default = str(Path(os.environ["SM_MODEL_DIR"], "code"))
    folder = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", default).removeprefix("file://")
    program = os.environ.get("SAGEMAKER_PROGRAM") or "inference.py"
    algorithm = os.environ.get("SLUICE_ALGORITHM")
    own = importlib.import_module(f"sluice_{algorithm}.serve") if algorithm else None
    if own is not None:
        os.environ.setdefault("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", own.DEFAULT_ACCEPT)
        if not os.environ.get("SAGEMAKER_PROGRAM") and not Path(folder, program).is_file():
            _Handler.content_type = own.DEFAULT_CONTENT_TYPE
            return Transformer(own, defaults=own)
    _install(Path(folder, "requirements.txt"))
    sys.path.insert(0, folder)
    return Transformer(importlib.import_module(Path(program).stem), defaults=own)


def _install(requirements: Path) -> None:
    if requirements.is_file() and importlib.import_module("pip.__main__").main(["install", "-r", str(requirements)]):
        raise SystemExit(1)
    importlib.invalidate_caches()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: unbuffered writes wait 40 ms for Nagle's algorithm
    disable_nagle_algorithm = True
    transformer: Transformer
    content_type = "application/json"

    def do_GET(self) -> None:
        """Answer /ping."""
        self._send(Answer(200 if self.path == "/ping" else 404, "application/json", b""))

    def do_POST(self) -> None:
        """Answer /invocations."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            self._send(Answer(404, "text/plain", b""))
            return
        content_type = self.headers.get("Content-Type") or self.content_type
        accept = self.headers.get("Accept")
        if not accept or accept == "*/*":
            accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")
        self._send(self.transformer.answer(body, content_type, accept, dict(self.headers)))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing of a request: the log is the user's."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.custom_attributes:
            self.send_header(_CUSTOM_ATTRIBUTES, answer.custom_attributes)
        self.end_headers()
        self.wfile.write(answer.body)


def _as_answer(result: Any) -> Answer:
    if hasattr(result, "get_data") and hasattr(result, "status_code"):  # a Response of Flask or Werkzeug
        attributes = result.headers.get(_CUSTOM_ATTRIBUTES)
        return Answer(result.status_code, result.headers["Content-Type"], result.get_data(), attributes)
    if isinstance(result, tuple):
        body, mimetype = result
        return Answer(200, _with_charset(mimetype), _encoded(body))
    return Answer(200, "text/html; charset=utf-8", _encoded(result))  # as Flask sends a plain string


def _failure(error: Exception) -> Answer:
    status = getattr(error, "status_code", None) or getattr(error, "code", None)  # ours; Werkzeug's
    if not isinstance(status, int) or not 400 <= status < 600:
        status = 500
    if status >= 500:
        traceback.print_exc()
    message = getattr(error, "description", None) or str(error) or type(error).__name__
    return Answer(status, "text/plain; charset=utf-8", str(message).encode())


def _default_input(content: Any, content_type: str) -> Any:
    import numpy

    if content_type == "text/csv":
        decoded = numpy.genfromtxt(io.StringIO(content), delimiter=",", dtype=numpy.float32)
    elif content_type == "application/json":
        decoded = numpy.array(json.loads(content), dtype=numpy.float32)
    elif content_type == "application/x-npy":
        decoded = numpy.load(io.BytesIO(content), allow_pickle=False)
    else:
        raise RefusedError(415, f"Content type {content_type} is not supported by this container.")
    return decoded.reshape(1, -1) if decoded.ndim == 1 else decoded


def _default_predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def _default_output(prediction: Any, accept: str) -> Any:
    import numpy

    if accept == "application/json":
        return json.dumps(numpy.asarray(prediction).tolist()), accept
    if accept == "text/csv":
        stream = io.StringIO()
        numpy.savetxt(stream, numpy.asarray(prediction), delimiter=",", fmt="%s")
        return stream.getvalue(), accept
    if accept == "application/x-npy":
        buffer = io.BytesIO()
        numpy.save(buffer, numpy.asarray(prediction))
        return buffer.getvalue(), accept
    raise RefusedError(406, f"Accept type {accept} is not supported by this container.")


def _with_charset(mimetype: str) -> str:
    text = mimetype.startswith("text/") and "charset" not in mimetype
    return f"{mimetype}; charset=utf-8" if text else mimetype


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body).encode("utf-8")


def main(descriptor: int) -> None:
    """Load the model, then serve until the process is told to end."""
    _Handler.transformer = load()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=descriptor)
    if "flask" in sys.modules:  # who looks at requests so closely may keep something of them, to be written at the end
        signal.signal(signal.SIGTERM, _end)
    server.serve_forever()


def _end(number: int, _: Any) -> None:
    """End as gunicorn's workers do: what was registered for the end is done."""
    raise SystemExit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
