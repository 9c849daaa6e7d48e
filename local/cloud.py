"""The local cloud as one thing: start, stop, and a session for those who are in the same process."""

from __future__ import annotations

import contextlib
import errno
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import boto3

from local.autoscaling import AutoScaling
from local.clock import Clock
from local.cloudformation import CloudFormation, Rollbacks
from local.cloudwatch import CloudWatch
from local.errors import StartError
from local.events import Events
from local.front import Front
from local.functions import Functions
from local.moto_app import ACCOUNT, moto_app, reset_moto
from local.processes import Processes
from local.sagemaker import SageMaker
from local.scheduler import Scheduler
from local.services import Part, Services
from local.serving import Server
from local.transport import session

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_BACKLOG = 128


class LocalCloud:
    """One account, one region, one process. A context manager: leaving it ends every child and thread.

    moto's backends belong to the process, so two clouds in one process would share them; `stop` empties them.
    `rollbacks` says what CloudFormation makes of a deployment that SageMaker takes back; AWS leaves it open.
    """

    def __init__(
        self, *, region: str, speed: float = 1.0, clock: Clock | None = None, rollbacks: Rollbacks = "unnoticed"
    ) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="sluice-", ignore_cleanup_errors=True)
        self.services = Services(
            account=ACCOUNT,
            region=region,
            clock=clock or Clock(speed=speed),
            workdir=Path(self._files.name),
            processes=Processes(),
            session=self.session,
            emit=self._emit,
            record=self._record,
        )
        self._events, self._cloudwatch = Events(self.services), CloudWatch(self.services)
        # In the order in which they end: who acts by itself first, whom the others call last.
        self._parts: list[Part] = [
            CloudFormation(self.services, rollbacks=rollbacks),
            AutoScaling(self.services),
            SageMaker(self.services),
            self._events,
            Scheduler(self.services),
            Functions(self.services),
            self._cloudwatch,
        ]
        self.families = [family for part in self._parts for family in part.families()]
        self.app: WSGIApplication = Front(
            self.families, fallback=moto_app(), region=region, now=self.services.clock.now
        )
        self._server: Server | None = None

    def session(self) -> boto3.Session:
        """A boto3 session whose clients talk to this cloud without a socket, as the account's administrator."""
        return session(self.app, region=self.services.region)

    def start(self, *, port: int = 0) -> str:
        """Listen on loopback (port 0: any free one) and give the URL. Raises StartError when the port is taken."""
        listening = _listening(port)
        self._server = Server(self.app, listening)
        # "localhost", not the number: the CDK CLI and moto tell path-style buckets by that word.
        url = f"http://localhost:{listening.getsockname()[1]}"
        self.services.listens_at(url)
        # Whom the others call comes first. Children that call the cloud meanwhile wait for the server, which listens.
        for part in reversed(self._parts):
            part.resume()
        self._server.start()
        return url

    def stop(self) -> None:
        """End the server, the parts, every child process and moto's state, whichever of them fails to."""
        with contextlib.ExitStack() as ending:  # which calls the last one first
            ending.callback(self._files.cleanup)
            ending.callback(reset_moto)
            ending.callback(self.services.processes.close)
            ending.callback(self.services.clock.close)
            for part in reversed(self._parts):
                ending.callback(part.close)
            ending.callback(self._stop_server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _stop_server(self) -> None:
        if self._server is not None:
            self._server.close()

    def _emit(self, source: str, detail_type: str, detail: dict[str, Any], *, resources: Sequence[str] = ()) -> None:
        self._events.emit(source, detail_type, detail, resources=resources)

    def _record(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        self._cloudwatch.record(namespace, data)


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno != errno.EADDRINUSE:
            raise
        remedy = "stop the program that listens there or choose another with --port"
        raise StartError(f"port {port} on 127.0.0.1 is in use: {remedy}") from error
    return listening
