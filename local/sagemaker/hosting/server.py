"""One model server: a process under the serving contract, and the HTTP connections to it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.sagemaker.archives import unpack
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.context import Context
from local.sagemaker.errors import ArchiveError, Retired, S3Error, Unhealthy
from local.sagemaker.logs import Log

_SERVE = Path(__file__).resolve().parents[1] / "inside" / "sluice_serve.py"
_BACKLOG = 128
INVOCATION_SECONDS = 60
"""How long a container may take to answer."""
_TAIL_LINES = 15
_TAIL_CHARACTERS = 700
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Image:
    """What a server runs: image, model data, environment, role."""

    uri: str
    model_data_url: str | None
    environment: Mapping[str, str]
    role_arn: str | None


@dataclass(frozen=True)
class Response:
    """The container's answer; status 0 when none came in time or the connection broke."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class ModelServer:
    """A process that loads a model, answers /ping when it is ready and /invocations after that."""

    def __init__(self, context: Context, *, image: Image, container: Container, log: Log) -> None:
        self._files, self._machine, self._processes = context.files, context.machine, context.services.processes
        self._image, self._container = image, container
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._idle_again = threading.Condition(self._lock)
        self._busy = 0
        self._stopped = self._impatient = False

    def start(self, *, health_check_seconds: float) -> None:
        """Fetch the model, start the process and wait until it is healthy. Raises Unhealthy with the log's end."""
        try:
            self._fetch()
            self._launch()
            self._wait_until_healthy(health_check_seconds)
        except (S3Error, ArchiveError) as error:
            raise Unhealthy(f"the model data cannot be used: {error}") from error
        except OSError as error:
            raise Unhealthy(f"{error}; the end of its log: {self._log_end()}") from error
        finally:
            self.log.ship()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Post one request. What the container does never raises: status 0 says that no answer came.

        Raises Retired when the server has been told to stop.
        """
        connection = self._borrow()
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            answer = connection.getresponse()
            response = Response(answer.status, answer.read(), dict(answer.getheaders()))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            response = Response(0, (str(error) or type(error).__name__).encode(), {})
        self._give_back(connection)
        return response

    def stop(self, *, drain_seconds: float = 0) -> None:
        """Take no more requests, let those under way end for so long, then end the process and the connections.

        A stop without patience ends the patience of another one that is under way.
        """
        with self._idle_again:
            first, self._stopped = not self._stopped, True
            self._impatient = self._impatient or not drain_seconds
            self._idle_again.notify_all()
            self._idle_again.wait_for(lambda: self._impatient or not self._busy, drain_seconds)
            process, self._process = self._process, None
            idle, self._idle = self._idle, []
        if process is None and not first:
            return  # the other one does the rest
        if process is not None:
            self._processes.stop(process)
        for connection in idle:
            connection.close()
        self.log.ship(ended=True)
        self._container.discard()

    def _fetch(self) -> None:
        model = self._container.make("/opt/ml/model")
        if self._image.model_data_url is not None:
            archive = self._container.root / "model.tar.gz"
            self._files.download(self._image.model_data_url, archive)
            unpack(archive, model)
        submitted = self._image.environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        if submitted.startswith("s3://"):
            archive = self._container.root / "sourcedir.tar.gz"
            self._files.download(submitted, archive)
            unpack(archive, self._container.make("/opt/ml/code"))

    def _launch(self) -> None:
        interpreter = self._machine.interpreter(self._image.uri)
        if interpreter.differences:
            self.log.say(interpreter.differences)
        with socket.create_server((_HOST, 0), backlog=_BACKLOG) as listener, self.log.file.open("ab") as output:
            self._port = listener.getsockname()[1]
            process = self._machine.launch(
                self._container,
                Program(["python3", str(_SERVE), str(listener.fileno())], self._environment(), cwd="/opt/ml/model"),
                python=interpreter.python,
                role_arn=self._image.role_arn,
                output=output,
                pass_fds=[listener.fileno()],
            )
        with self._lock:
            self._process = process
            stopped = self._stopped
        if stopped:
            self._processes.stop(process)

    def _environment(self) -> dict[str, str]:
        # Named, and not left to the server to know: where /opt/ml is no mount, names are what can be rewritten.
        environment = {"SM_MODEL_DIR": "/opt/ml/model", **self._image.environment}
        if environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "").startswith("s3://"):
            environment["SAGEMAKER_SUBMIT_DIRECTORY"] = "/opt/ml/code"
        return environment

    def _wait_until_healthy(self, seconds: float) -> None:
        # One question is enough: the server accepts when its model is loaded, and its end breaks the connection.
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=seconds)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/ping")
                answer = connection.getresponse()
                answer.read()
            except TimeoutError as error:
                raise OSError(f"the server did not answer /ping within {seconds:g} seconds") from error
            except (OSError, http.client.HTTPException) as error:
                raise OSError(f"the server ended{self._exit()}") from error
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"the server answered /ping with {answer.status}")

    def _exit(self) -> str:
        with self._lock:
            process, self._process = self._process, None
        return f" with exit code {self._processes.stop(process)}" if process is not None else ""

    def _log_end(self) -> str:
        return self.log.tail(lines=_TAIL_LINES, characters=_TAIL_CHARACTERS)

    def _borrow(self) -> http.client.HTTPConnection:
        with self._lock:
            if self._stopped:
                raise Retired("the server takes no more requests")
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        return http.client.HTTPConnection(_HOST, self._port, timeout=INVOCATION_SECONDS)

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._idle_again:
            self._busy -= 1
            if not self._stopped:
                self._idle.append(connection)  # a closed one opens itself again
            self._idle_again.notify_all()
        if self._stopped:
            connection.close()
