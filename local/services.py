"""What a part of the local cloud may use of the rest: clients, the clock, events, a place for files, children."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config

from local.clock import Clock
from local.errors import LocalError
from local.front import Family
from local.objects import Objects
from local.processes import Processes
from local.roles import Roles
from local.state import State
from local.transport import CLOUD


class Part(Protocol):
    """A part of the local cloud: the families it answers for, and how it ends."""

    def families(self) -> list[Family]:
        """The services this part owns."""
        ...

    def resume(self) -> None:
        """Take up what the process before was doing, as the tables of `services.state` tell it; else do nothing.

        Called once, when all parts are there and the URL is known, before anything is served. What it cannot take up
        it says in the resource's own terms (a FailureReason), never by an exception.
        """
        ...

    def close(self) -> None:
        """End its threads; children are ended by `Processes`."""
        ...


class Emit(Protocol):
    """Puts an event of an AWS service on the default bus."""

    def __call__(self, source: str, detail_type: str, detail: dict[str, Any], *, resources: Sequence[str] = ()) -> None:
        """`source` such as `aws.sagemaker`; `detail` is JSON in the shape that AWS documents."""
        ...


class Record(Protocol):
    """Puts metric values of an AWS service into CloudWatch."""

    def __call__(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """`namespace` such as `AWS/SageMaker`; `data` in PutMetricData's shape, Timestamp being now unless given."""
        ...


class AlarmStates(Protocol):
    """The states of CloudWatch's alarms, as deployments watch them."""

    def state(self, name: str) -> str | None:
        """OK, ALARM or INSUFFICIENT_DATA; None for a name that no alarm has."""
        ...

    def subscribe(self, heard: Callable[[str, str], None]) -> Callable[[], None]:
        """Call `heard(name, state)` at each change of a state, holding no lock; what is returned ends that."""
        ...


class NoAlarms:
    """A cloud without alarms: a part runs without CloudWatch."""

    def state(self, name: str) -> str | None:
        """No alarm has any name."""
        return None

    def subscribe(self, heard: Callable[[str, str], None]) -> Callable[[], None]:
        """Nothing is ever heard."""
        return lambda: None


def _unrecorded(namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
    """Nobody keeps metrics: a part runs without CloudWatch."""


def _unsaid(line: str) -> None:
    """Nobody listens to what a start is busy with."""


@dataclass
class Services:
    """The seam between the parts. `session` talks to the whole cloud in process, as `endpoint_url` does over HTTP.

    A person reads what `tell` is given while the cloud starts.
    """

    account: str
    region: str
    clock: Clock
    workdir: Path
    processes: Processes
    session: Callable[[], boto3.Session]
    emit: Emit
    record: Record = _unrecorded
    alarms: AlarmStates = field(default_factory=NoAlarms)
    state: State = field(default_factory=State.in_memory)
    tell: Callable[[str], None] = _unsaid
    objects: Objects = field(init=False)
    """Of whoever makes the cloud, which has its guard."""
    _endpoint_url: str | None = None
    _made: boto3.Session | None = None
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, name: str) -> Any:
        """A boto3 client of the whole cloud, made once and shared by threads."""
        with self._lock:
            if name not in self._clients:
                self._made = self._made or self.session()
                made: Any = self._made  # the stubs know each service by a literal name
                self._clients[name] = made.client(name)
            return self._clients[name]

    @property
    def access_key_id(self) -> str:
        """Of those clients."""
        return CLOUD

    @functools.cached_property
    def roles(self) -> Roles:
        """Sessions of roles and callers: what a service does for somebody, it does in their name."""
        # Whoever retries does so on the cloud's clock; boto3's own retries would take wall time behind its back.
        return Roles(self, config=Config(retries={"total_max_attempts": 1}))

    @property
    def endpoint_url(self) -> str:
        """Where child processes reach the cloud. Raises LocalError before the server listens."""
        if self._endpoint_url is None:
            raise LocalError("the local cloud does not listen yet: children could not reach it")
        return self._endpoint_url

    def listens_at(self, url: str) -> None:
        """Say where the server listens."""
        self._endpoint_url = url
