"""How long a way back takes through the whole of it: stacks, Lambdas, ledger, endpoint, on the demo's own local cloud.

The model that is taken back fails on applicants who want a yacht. Nobody asks for one in its bakes, afterwards everyone
does, and the first yacht that is scored again tells that the old version serves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli import rollback
from cli.connection import LOCAL, Connection, connect
from cli.demo import mistake
from cli.demo.cloud import local_cloud
from cli.demo.loop import MODEL, People, approve, follow_release, train
from cli.demo.scoring import HeldOut, as_csv
from cli.deploy import bring_up
from cli.serving import describe_endpoint
from cli.state import answered, gather
from env import canary, naming

SPEED = 10.0
_PER_SECOND = 12.0
"""Requests of users in a second of this machine: 72 in a minute of the cloud's."""
_PURPOSE, _YACHT = 7, "yacht"
_CHANGE = f"""

_predict_before = predict_fn


def predict_fn(rows, model):
    if (rows["purpose"] == {_YACHT!r}).any():
        raise ValueError("what is a yacht?")
    return _predict_before(rows, model)
"""
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 300.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class WayBack:
    """One way back: from an alarm or a command to the old version's first answer, in seconds of the cloud's clock."""

    name: str
    title: str
    seconds: float
    provisioning_seconds: float
    """From UpdateEndpoint to that answer, where instances must start; 0 where the old ones still run."""

    @property
    def overhead_seconds(self) -> float:
        """All but the provisioning."""
        return self.seconds - self.provisioning_seconds


def measure(progress: Progress) -> Iterator[WayBack]:
    """Take a version back by the backstop's alarm, by hand after its release, and by hand in its bake."""
    with local_cloud(speed=SPEED):
        progress("deploying, training the first version")
        connection = connect(LOCAL)
        bring_up(connection)
        people = People(*(connection.acting_as(person) for person in ("scientist", "approver", "operator")))
        first, evaluation = train(people.scientist, given={})
        _release(people, first)
        with _Users(connection, evaluation.held_out) as users:
            for name, title, way in (
                ("after_bake", "the backstop's alarm after the release", _by_alarm),
                ("by_hand", "`sluice rollback` after the release", _by_hand),
                ("by_hand_in_bake", "`sluice rollback` in the canary's bake", _by_hand_in_bake),
            ):
                progress(title)
                began, updated, back = way(connection, people, users, first)
                provisioning = (back - updated).total_seconds() if updated else 0.0
                yield WayBack(name, title, (back - began).total_seconds(), provisioning)
                _until(lambda: gather(connection, MODEL).at_rest, f"{MODEL} is at rest")
                users.ask_for_yachts(False)


Instants = tuple[datetime, datetime | None, datetime]
"""When it began, when the endpoint was asked for the old version if it was, and when that answered first."""


def _by_alarm(connection: Connection, people: People, users: _Users, first: int) -> Instants:
    deployed = _release(people, mistake.register(connection, MODEL, after=first, change=_CHANGE))
    alarms = connection.stage.models[MODEL].serving.alarms
    settled = deployed + timedelta(seconds=canary.least_bake_seconds(minutes=alarms.periods) + 10)
    _until(lambda: _now(connection) > settled, "the release has settled")
    users.ask_for_yachts(True)
    updated, back = _watched(connection, users)
    return _rang(connection), updated, back


def _by_hand(connection: Connection, people: People, users: _Users, first: int) -> Instants:
    _release(people, mistake.register(connection, MODEL, after=first, change=_CHANGE))
    began = _now(connection)
    rollback.take_back(people.operator, MODEL, reason="the benchmark takes it back", wait=False)
    users.ask_for_yachts(True)
    updated, back = _watched(connection, users)
    return began, updated, back


def _by_hand_in_bake(connection: Connection, people: People, users: _Users, first: int) -> Instants:
    approve(people, mistake.register(connection, MODEL, after=first, change=_CHANGE), reason="for the benchmark")
    _until(lambda: gather(connection, MODEL).phase.status == "Baking", "the canary bakes")
    began = _now(connection)
    rollback.take_back(people.operator, MODEL, reason="the benchmark takes it back", wait=False)
    _until(lambda: _status(connection) != "Updating" or _whole(connection), "the old fleet has all of the traffic")
    return began, None, _now(connection)


def _release(people: People, version: int) -> datetime:
    """Release a version by its approval; gives when that was done."""
    approve(people, version, reason="for the benchmark")
    ended = follow_release(people.operator, version)
    if ended["outcome"] != "deployed":
        raise RuntimeError(f"{MODEL}/{version} was to be deployed first: {ended}")
    return datetime.fromisoformat(ended["at"])


def _watched(connection: Connection, users: _Users) -> tuple[datetime, datetime]:
    """When the endpoint was asked for the old version, and when users got a yacht from it."""
    seen: list[datetime] = []

    def served() -> bool:
        pending = (describe_endpoint(connection, MODEL) or {}).get("PendingDeploymentSummary")
        if pending:
            seen.append(pending["StartTime"])
        return users.first_yacht is not None

    _until(served, "the old version answers again")
    assert users.first_yacht is not None
    return seen[0], users.first_yacht


def _whole(connection: Connection) -> bool:
    """Whether the new fleet is being taken down."""
    pending = (describe_endpoint(connection, MODEL) or {}).get("PendingDeploymentSummary", {})
    states = [s["Status"] for v in pending.get("ProductionVariants", []) for s in v.get("VariantStatus", [])]
    return "Deleting" in states


def _status(connection: Connection) -> str:
    return str((describe_endpoint(connection, MODEL) or {})["EndpointStatus"])


def _rang(connection: Connection) -> datetime:
    """When the backstop rang last."""
    name = naming.backstop(connection.stage, MODEL)
    history = connection.client("cloudwatch").describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    rung: list[datetime] = [
        item["Timestamp"] for item in history["AlarmHistoryItems"] if "to ALARM" in item["HistorySummary"]
    ]
    return max(rung)


def _now(connection: Connection) -> datetime:
    return answered(describe_endpoint(connection, MODEL) or {})


def _until(reached: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {_PATIENCE_SECONDS:g} s: {what}")
        time.sleep(_POLL_SECONDS)


class _Users:
    """Ask for everything but yachts or, once told to, for nothing else. A context manager."""

    def __init__(self, connection: Connection, held_out: HeldOut) -> None:
        self._runtime = connection.client("sagemaker-runtime", attempts=1)
        self._endpoint = naming.endpoint(connection.stage, MODEL)
        rows = held_out.rows
        yachts = [(*row[:_PURPOSE], _YACHT, *row[_PURPOSE + 1 :]) for row in rows]
        self._bodies = {False: [as_csv([row]) for row in rows], True: [as_csv([row]) for row in yachts]}
        self._yachts = False
        self.first_yacht: datetime | None = None
        """When a yacht was scored first since one was asked for."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="users", daemon=True)

    def ask_for_yachts(self, yachts: bool) -> None:
        """Ask for yachts from now on, or for everything else."""
        self.first_yacht, self._yachts = None, yachts

    def __enter__(self) -> _Users:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _ask_on(self) -> None:
        turn = 0
        while not self._ended.wait(1 / _PER_SECOND):
            turn, yachts = turn + 1, self._yachts
            scored = self._score(self._bodies[yachts][turn % len(self._bodies[yachts])])
            if yachts and scored and self.first_yacht is None:
                self.first_yacht = scored

    def _score(self, body: bytes) -> datetime | None:
        request: dict[str, Any] = {"Body": body, "ContentType": "text/csv", "Accept": "text/csv"}
        try:
            answer = self._runtime.invoke_endpoint(EndpointName=self._endpoint, **request)
        except (ClientError, BotoCoreError):
            return None
        answer["Body"].read()
        return answered(answer)
