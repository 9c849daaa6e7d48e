"""What a model's endpoint, stack, release and alarms say now, gathered for `sluice status` and those who wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cli import ledger, stacks
from cli.connection import Connection
from cli.fleets import Fleet, Phase, fleets, phase
from cli.ledger import Record
from cli.serving import NOT_SERVING, describe_endpoint
from env import naming

RUNBOOKS = "docs/runbooks.md"
"""Where it stands what a person does about trouble."""

_AT_REST = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")
_TROUBLE = {
    "UPDATE_ROLLBACK_FAILED": f"the stack cannot go back by itself: {RUNBOOKS}#stack-stuck",
    "UpdateRollbackFailed": f"the endpoint serves a mix of old and new: {RUNBOOKS}#endpoint-stuck",
}


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm of one of the fleets or of the whole endpoint: its name, its state and when it took it."""

    name: str
    state: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class State:
    """A model in a stage, now. `now` is the cloud's own time; a missing endpoint or stack is None."""

    model: str
    endpoint_name: str
    now: datetime
    serves: str | None
    endpoint: Mapping[str, Any] | None
    stack: Mapping[str, Any] | None
    records: Sequence[Record]
    fleets: Sequence[Fleet]
    phase: Phase
    alarms: Sequence[Alarm]

    @property
    def open(self) -> Record | None:
        """The record of the release under way."""
        return ledger.open_release(self.records)

    @property
    def pending_veto(self) -> str | None:
        """That the release under way shall be undone, and when that acts; None when it shall not."""
        release = self.open
        if release is None:
            return None
        aborted = any(r["kind"] == "abort" and r["release_id"] == release["release_id"] for r in self.records)
        if not aborted and release["version"] not in ledger.vetoed(self.records):
            return None
        if self.phase.status == "Baking":
            return "acts in this bake, when the abort alarm rings"
        if (self.endpoint or {}).get("EndpointStatus") == "Updating":
            return "acts at the next bake"
        return "no traffic goes there; the release ends when the stack rests"

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way: no open release, and stack and endpoint rest."""
        stack = (self.stack or {}).get("StackStatus", _AT_REST[0])
        endpoint = (self.endpoint or {}).get("EndpointStatus", "InService")
        return self.open is None and stack in _AT_REST and endpoint in ("InService", "Failed", "UpdateRollbackFailed")

    @property
    def ringing(self) -> list[str]:
        """The alarms that ring, by name."""
        return [alarm.name for alarm in self.alarms if alarm.state == "ALARM"]

    @property
    def trouble(self) -> list[str]:
        """What a person must look at, each with its runbook."""
        seen = ((self.stack or {}).get("StackStatus"), (self.endpoint or {}).get("EndpointStatus"))
        return [f"{status}: {_TROUBLE[status]}" for status in seen if status in _TROUBLE]


def gather(connection: Connection, model: str) -> State:
    """Everything about a model, as AWS tells it now."""
    endpoint = describe_endpoint(connection, model)
    now = answered(endpoint) if endpoint else datetime.now(UTC)
    records = _records(connection, model)
    found = fleets(connection, endpoint, now=now) if endpoint and "EndpointConfigName" in endpoint else []
    return State(
        model=model,
        endpoint_name=naming.endpoint(connection.stage, model),
        now=now,
        serves=_serves(model, endpoint, found=found, records=records),
        endpoint=endpoint,
        stack=stacks.describe(connection, naming.stack(connection.stage, "serving", model)),
        records=records,
        fleets=found,
        phase=phase(endpoint or {}, now=now),
        alarms=list(_alarms(connection, model, found)),
    )


def answered(response: Mapping[str, Any]) -> datetime:
    """When AWS sent a response, UTC: what happened five minutes ago there is told by its clock alone."""
    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date) if date else datetime.now(UTC)


def _records(connection: Connection, model: str) -> list[dict[str, Any]]:
    try:
        return ledger.records(connection, model)
    except ledger.NoLedgerError:
        return []  # what serves can be told without it


def _serves(
    model: str, endpoint: Mapping[str, Any] | None, *, found: Sequence[Fleet], records: Sequence[Record]
) -> str | None:
    """The version whose fleet takes traffic: the endpoint's word, and the ledger's where the config was deleted."""
    if endpoint is None or endpoint["EndpointStatus"] in NOT_SERVING or not found:
        return None
    version = found[0].version
    if version is None:
        released = ledger.release_of(records, found[0].capacity.config)
        version = released["version"] if released else None
    return f"{model}/{version}" if version else None


def _alarms(connection: Connection, model: str, found: Sequence[Fleet]) -> Iterator[Alarm]:
    """The alarms of each fleet, which bear its config's name, of the whole endpoint, and of its monitors."""
    cloudwatch, stage = connection.client("cloudwatch"), connection.stage
    prefixes = [naming.alarm(fleet.capacity.config, "") for fleet in found]
    monitor = stage.models[model].monitor
    watching = [naming.monitor_alarm(stage, model, kind) for kind in monitor.kinds] if monitor else []
    silence = [naming.silence_alarm(stage, model)] if monitor else []
    for prefix in [*prefixes, naming.backstop(stage, model), *watching, *silence]:
        for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix):
            for alarm in page["MetricAlarms"]:
                yield Alarm(name=alarm["AlarmName"], state=alarm["StateValue"], since=alarm["StateUpdatedTimestamp"])
