"""A small local cloud of a few parts, in front of moto."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from local.clock import Clock
from local.errors import AwsError
from local.front import Front
from local.moto.app import ACCOUNT, moto_app, reset_moto
from local.objects import Objects
from local.processes import Processes
from local.requests import Asked
from local.seams import Seams
from local.services import Services
from local.serving import Server
from local.state import State
from local.transport import CLOUD, session

REGION = "eu-west-1"


class Witness:
    """A guard that lets all pass but what a test has it refuse, and remembers who asked for what."""

    def __init__(self) -> None:
        self._asked: list[tuple[str, str]] = []
        self.refused: dict[str, AwsError] = {}

    def check(self, asked: Asked) -> None:
        """Let it pass, unless it is refused."""
        if (error := self.refused.get(f"{asked.service}:{asked.operation}")) is not None:
            raise error
        if asked.operation != "GetCallerIdentity":  # which it asks itself
            self._asked.append((asked.access_key_id, f"{asked.service}:{asked.operation}"))

    def asked_of(self, service: str) -> list[str]:
        """What anybody has asked a service for, in order."""
        return [what for _, what in list(self._asked) if what.startswith(f"{service}:")]

    def asked(self, services: Services, role: str) -> list[str]:
        """What has been asked for in the sessions of a role, such as `s3:PutObject`, in order."""
        names = {key: _role(services, key) for key in {key for key, _ in self._asked} if key.startswith("ASIA")}
        return [what for key, what in list(self._asked) if names.get(key) == role]


def _role(services: Services, access_key_id: str) -> str:
    identity = services.roles.calling(access_key_id).client("sts").get_caller_identity()
    return str(identity["Arn"].split("/")[1])


class SmallCloud:
    """Parts made by `makers`, reachable in process."""

    def __init__(self, folder: Path, *makers: Any, clock: Clock | None = None, state: State | None = None) -> None:
        self.emitted: list[tuple[str, str, dict[str, Any]]] = []
        self.services = Services(
            account=ACCOUNT,
            region=REGION,
            clock=clock or Clock(),
            workdir=folder,
            processes=Processes(),
            session=lambda: session(self.app, region=REGION, access_key_id=CLOUD),
            emit=lambda source, detail_type, detail, **_: self.emitted.append((source, detail_type, detail)),
            state=state or State.in_memory(),
        )
        self._witness = Witness()
        self.services.objects = Objects(self._witness, ACCOUNT, REGION)
        self.parts = [make(self.services) for make in makers]
        families = [family for part in self.parts for family in part.families()]
        now, seams = self.services.clock.now, Seams(guard=self._witness)
        self.app = Front(families, fallback=moto_app(), region=REGION, now=now, seams=seams)
        self._server = None

    def listen(self) -> None:
        """Serve over HTTP too, for children."""
        listening = socket.create_server(("127.0.0.1", 0))
        self._server = Server(self.app, listening)
        self.services.listens_at(f"http://localhost:{listening.getsockname()[1]}")
        self._server.start()

    def client(self, name: str) -> Any:
        """A boto3 client in process."""
        return self.services.client(name)

    def refuse(self, what: str, error: AwsError) -> None:
        """From now on, answer `service:Operation` with an error."""
        self._witness.refused[what] = error

    def asked(self, service: str) -> list[str]:
        """What anybody has asked a service for, in order."""
        return self._witness.asked_of(service)

    def asked_as(self, role: str) -> list[str]:
        """What has been asked for in the sessions of a role, in order."""
        return self._witness.asked(self.services, role)

    def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        for part in self.parts:
            part.close()
        self.services.clock.close()
        self.services.processes.close()
        reset_moto()


@pytest.fixture
def small_cloud(tmp_path, monkeypatch):
    """Makes small clouds, and ends them. They know none of AWS's managed policies, which take a second to load."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    made = []

    def make(*makers, clock=None, state=None):
        made.append(SmallCloud(tmp_path / str(len(made)), *makers, clock=clock, state=state))
        return made[-1]

    yield make
    for cloud in made:
        cloud.close()


@pytest.fixture
def stepped_clock():
    """A clock that stands still until the test advances it."""
    return Clock(speed=0)
