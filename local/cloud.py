"""The local cloud as one thing: start, stop, and a session for those who are in the same process."""

from __future__ import annotations

import contextlib
import errno
import logging
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import boto3

from local.autoscaling import AutoScaling
from local.clock import Clock
from local.cloudformation import CloudFormation, Rollbacks
from local.cloudwatch import CloudWatch
from local.errors import StartError, StateError
from local.events import Events
from local.front import Front
from local.functions import Functions
from local.iam.enforcement import Enforcement
from local.iam.part import Identities
from local.journal import Journal
from local.mlflow.address import Addresses
from local.moto.app import ACCOUNT, moto_app, reset_moto
from local.moto.snapshot import BodiesInMemory, dump, load
from local.notifications import Notifications
from local.objects import Objects
from local.processes import Processes
from local.sagemaker import SageMaker
from local.scheduler import Scheduler
from local.seams import OneAtATime, Seams
from local.services import Part, Services
from local.serving import Server
from local.state import State
from local.trail import CloudTrail
from local.transport import CLOUD, session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BACKLOG = 128
_log = logging.getLogger(__name__)
_TOLD: Final = {
    "cloudformation.stacks": "stack",
    "functions.entries": "function",
    "events.rules": "rule",
    "sagemaker.Pipeline": "pipeline",
    "sagemaker.ModelPackage": "model package",
    "sagemaker.Endpoint": "endpoint",
}
"""Tables of which a start says how full they are."""


@dataclass(frozen=True)
class CloudSnapshot:
    """What a cloud holds, to be put back into it or another of the same process."""

    moto: bytes
    bodies: BodiesInMemory
    tables: bytes


class LocalCloud:
    """One account, one region, one process. A context manager: leaving it ends every child and thread.

    moto's backends belong to the process, so two clouds in one process would share them; `stop` empties them.
    `rollbacks` says what CloudFormation makes of a deployment that SageMaker takes back; AWS leaves it open.
    """

    def __init__(
        self,
        *,
        region: str,
        speed: float = 1.0,
        clock: Clock | None = None,
        rollbacks: Rollbacks = "unnoticed",
        state: Path | None = None,
    ) -> None:
        self._rollbacks: Rollbacks = rollbacks
        self._moto = moto_app()
        with _readable(state), contextlib.ExitStack() as undoing:  # what a start that fails has opened
            kept = State.at(state, facts=_facts(region)) if state else State.in_memory()
            undoing.callback(kept.close)
            self._files, workdir = _workdir(state)
            undoing.callback(self._files.close)
            # Time does not go back, and an accelerated clock was ahead of the machine's.
            start = max(datetime.now(UTC), kept.last_time() or datetime.min.replace(tzinfo=UTC))
            self.services = Services(
                account=ACCOUNT,
                region=region,
                clock=clock or Clock(speed=speed, start=start),
                workdir=workdir,
                processes=Processes(),
                session=lambda: session(self.app, region=region, access_key_id=CLOUD),
                emit=self._emit,
                record=self._record,
                state=kept,
            )
            kept.tell_time_by(self.services.clock.now)
            self._journal = Journal(kept.database) if kept.database else None
            if self._journal:
                undoing.callback(reset_moto)
                self._journal.replay(self._moto)
            self._build()
            undoing.pop_all()
        self._server: Server | None = None

    def _build(self) -> None:
        self.guard = Enforcement(self.services)
        self.services.objects = Objects(self.guard, self.services.account, self.services.region)
        trail = CloudTrail(self.services)
        self._events, self._cloudwatch = Events(self.services), CloudWatch(self.services)
        sagemaker = SageMaker(self.services)
        # In the order in which they end: who acts by itself first, whom the others call last.
        self._parts: list[Part] = [
            CloudFormation(self.services, rollbacks=self._rollbacks),
            AutoScaling(self.services),
            sagemaker,
            Notifications(self.services),
            self._events,
            Scheduler(self.services),
            Functions(self.services),
            self._cloudwatch,
            Identities(self.guard),
            trail,
        ]
        self.families = [family for part in self._parts for family in part.families()]
        front = Front(
            self.families,
            fallback=self._moto,
            region=self.services.region,
            now=self.services.clock.now,
            seams=Seams(guard=self.guard, journal=self._journal or OneAtATime(), trail=trail.history),
        )
        place = {"account": self.services.account, "region": self.services.region}
        self._front = Addresses(front, **place, window=sagemaker.window)

    def app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        return self._front(environ, start_response)

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
        self._resume()
        self._server.start()
        return url

    def reset(self) -> None:
        """Be as new, but for the clock: for tests, while nobody asks. Sessions and clients go on with it."""
        self._begin_again(lambda: None)

    def snapshot(self) -> CloudSnapshot:
        """What it holds, while nobody asks and nothing is under way. Raises SnapshotError."""
        bodies = BodiesInMemory()
        return CloudSnapshot(dump(bodies).pickled, bodies, self.services.state.dump())

    def restore(self, snapshot: CloudSnapshot) -> None:
        """Hold what a snapshot holds and nothing else, but for the clock, which does not go back: for tests."""

        def hold() -> None:
            load(snapshot.moto, snapshot.bodies)
            self.services.state.load(snapshot.tables)

        self._begin_again(hold)
        self._resume()

    def stop(self) -> None:
        """End the server, the parts, every child process and moto's state, whichever of them fails to."""
        with contextlib.ExitStack() as ending:  # which calls the last one first
            ending.callback(self._files.close)
            ending.callback(reset_moto)
            ending.callback(self.services.state.close)
            ending.callback(self._shorten_journal)
            ending.callback(self.services.processes.close)
            ending.callback(self.services.clock.close)
            self._end_parts(ending)
            ending.callback(self._stop_server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _resume(self) -> None:
        if what := self._kept():
            self.services.tell(f"going on from {self.services.state.folder}: {what}")
        # Whom the others call comes first. Children that call the cloud meanwhile wait for the server, which listens.
        for part in reversed(self._parts):
            part.resume()

    def _kept(self) -> str:
        counts = {name: len(self.services.state.table(table)) for table, name in _TOLD.items()}
        held = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count]
        return ", ".join(held) if self.services.state.folder else ""

    def _end_parts(self, ending: contextlib.ExitStack) -> None:
        for part in reversed(self._parts):
            ending.callback(part.close)

    def _begin_again(self, hold: Callable[[], None]) -> None:
        with contextlib.ExitStack() as ending:
            ending.callback(self.services.processes.close)
            ending.callback(self.services.clock.forget)
            self._end_parts(ending)
        self.services.processes = Processes()
        self.services.roles.forget()
        reset_moto()
        self.services.state.clear()
        hold()
        if self._journal:
            self._journal.compact()
        self._build()

    def _shorten_journal(self) -> None:
        if self._journal is None:
            return
        try:
            self._journal.compact()
        except StateError as error:  # the next start takes longer
            _log.warning("%s", error)

    def _stop_server(self) -> None:
        if self._server is not None:
            self._server.close()

    def _emit(self, source: str, detail_type: str, detail: dict[str, Any], *, resources: Sequence[str] = ()) -> None:
        self._events.emit(source, detail_type, detail, resources=resources)

    def _record(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        self._cloudwatch.record(namespace, data)


def _facts(region: str) -> dict[str, str]:
    return {"region": region, "version": version("sluice"), "version of moto": version("moto")}


@contextlib.contextmanager
def _readable(state: Path | None) -> Iterator[None]:
    """Raise StartError for whatever comes of a folder that is damaged, or of values that have changed."""
    try:
        yield
    except (StartError, OSError):
        raise
    except Exception as error:
        if state is None:
            raise
        _log.debug("the state cannot be read", exc_info=error)
        remedy = "start the version that wrote it, or name an empty folder"
        raise StartError(f"the state in {state} is damaged or of another version: {error!r}; {remedy}") from error


def _workdir(state: Path | None) -> tuple[contextlib.ExitStack, Path]:
    """A folder for files that nobody misses after a restart, and what removes it."""
    files = contextlib.ExitStack()
    if state is None:
        made = tempfile.TemporaryDirectory(prefix="sluice-", ignore_cleanup_errors=True)
        return files, Path(files.enter_context(made))
    # Inside, so that what a killed process left does not pile up.
    workdir = state.absolute() / "work"
    shutil.rmtree(workdir, ignore_errors=True)
    workdir.mkdir()
    files.callback(shutil.rmtree, workdir, ignore_errors=True)
    return files, workdir


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
