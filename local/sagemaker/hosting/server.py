"""One model server: a process under the serving contract, started again when it ends."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.sagemaker.archives import unpack
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.context import Context
from local.sagemaker.errors import ArchiveError, Retired, S3Error, Unhealthy, Unusable
from local.sagemaker.hosting.connections import Connections, Response
from local.sagemaker.logs import Log

_SERVE = Path(__file__).resolve().parents[1] / "inside" / "sluice_serve.py"
_BACKLOG = 128
_TAIL_LINES = 15
_TAIL_CHARACTERS = 700
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Image:
    """What a server runs: image, model data, environment, role; without `network` it reaches nobody."""

    uri: str
    model_data_url: str | None
    environment: Mapping[str, str]
    role_arn: str
    network: bool = True


class ModelServer:
    """A process that loads a model, answers /ping when it is ready and /invocations after that."""

    def __init__(self, context: Context, *, image: Image, container: Container, log: Log) -> None:
        self._machine, self._processes = context.machine, context.services.processes
        self._files = context.files.acting(image.role_arn)
        self._image, self._container = image, container
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._connections: Connections | None = None
        self._rest = threading.Condition()
        self._busy = 0
        self._stopped = self._impatient = False

    def start(self, *, health_check_seconds: float) -> None:
        """Fetch the model, start the process and wait until it is healthy. Raises Unhealthy with the log's end."""
        try:
            self._fetch()
        except (S3Error, ArchiveError) as error:
            raise Unusable(f"the model data cannot be used: {error}") from error
        self.restart(health_check_seconds=health_check_seconds)

    def restart(self, *, health_check_seconds: float) -> None:
        """Start the process over the model that is there, and wait until it is healthy. Raises Unhealthy."""
        try:
            connections = Connections(self._launch())
            self._wait_until_healthy(connections, health_check_seconds)
        except OSError as error:
            raise Unhealthy(f"{error}; the end of its log: {self._log_end()}") from error
        finally:
            self.log.ship()
        self._connections = connections

    def ended(self) -> int | None:
        """Wait until the process ends by itself and give its exit code; None when the server is told to stop."""
        process = self._process
        code = process.wait() if process is not None else 0
        connections, self._connections = self._connections, None
        if connections is not None:
            connections.close()
        with self._rest:
            if self._stopped:
                return None
            self._process = None
        if process is not None:
            self._processes.forget(process)
        return code

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Post one request. What the container does never raises: status 0 says that no answer came.

        Raises Retired when the server has been told to stop.
        """
        with self._rest:
            if self._stopped:
                raise Retired("the server takes no more requests")
            self._busy += 1
        try:
            connections = self._connections
            if connections is None:
                return Response(0, b"the model process has ended and is being restarted", {})
            return connections.post(body, headers)
        finally:
            with self._rest:
                self._busy -= 1
                self._rest.notify_all()

    def stop(self, *, drain_seconds: float = 0) -> None:
        """Take no more requests, let those under way end for so long, then end the process and the connections.

        A stop without patience ends the patience of another one that is under way.
        """
        with self._rest:
            first, self._stopped = not self._stopped, True
            self._impatient = self._impatient or not drain_seconds
            self._rest.notify_all()
            self._rest.wait_for(lambda: self._impatient or not self._busy, drain_seconds)
            process, self._process = self._process, None
        if process is None and not first:
            return  # the other one does the rest
        if process is not None:
            self._processes.stop(process)
        connections, self._connections = self._connections, None
        if connections is not None:
            connections.close()
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

    def _launch(self) -> int:
        """Start the process; the port it listens on."""
        interpreter = self._machine.interpreter(self._image.uri)
        if interpreter.differences:
            self.log.say(interpreter.differences)
        with socket.create_server((_HOST, 0), backlog=_BACKLOG) as listener, self.log.file.open("ab") as output:
            port: int = listener.getsockname()[1]
            process = self._machine.launch(
                self._container,
                Program(
                    ["python3", str(_SERVE), str(listener.fileno())],
                    self._environment(),
                    cwd="/opt/ml/model",
                    network=self._image.network,
                ),
                interpreter=interpreter,
                role_arn=self._image.role_arn,
                output=output,
                pass_fds=[listener.fileno()],
            )
        with self._rest:
            self._process = process
            stopped = self._stopped
        if stopped:
            self._processes.stop(process)
        return port

    def _environment(self) -> dict[str, str]:
        # Named, and not left to the server to know: where /opt/ml is no mount, names are what can be rewritten.
        environment = {"SM_MODEL_DIR": "/opt/ml/model", **self._image.environment}
        if environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "").startswith("s3://"):
            environment["SAGEMAKER_SUBMIT_DIRECTORY"] = "/opt/ml/code"
        return environment

    def _wait_until_healthy(self, connections: Connections, seconds: float) -> None:
        try:
            connections.wait_until_healthy(seconds)
        except ConnectionError as error:
            raise OSError(f"{error}{self._end()}") from error
        except OSError:
            self._end()
            raise

    def _end(self) -> str:
        """End a process that did not become healthy; its exit code in words."""
        with self._rest:
            process, self._process = self._process, None
        return f" with exit code {self._processes.stop(process)}" if process is not None else ""

    def _log_end(self) -> str:
        return self.log.tail(lines=_TAIL_LINES, characters=_TAIL_CHARACTERS)
