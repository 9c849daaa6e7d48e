"""Endpoints: created, moved to another configuration all at once, deleted; the slow part on a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.hosting.deployment import (
    Kept,
    capture_summary,
    pending_summary,
    require_same_variants,
    require_supported,
    termination_wait_seconds,
    variant_summaries,
)
from local.sagemaker.hosting.events import EndpointEvents
from local.sagemaker.hosting.fleet import Fleet, Fleets
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG
from local.sagemaker.resources import Record
from local.sagemaker.structural import structural
from local.wire import Call

Params = dict[str, Any]

_IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
_REASON_CHARACTERS = 1024
_START_FAILED = (LocalError, BotoCoreError, ClientError, OSError, RuntimeError)


@dataclass(frozen=True)
class _Change:
    """An update under way, towards `fleet`."""

    name: str
    fleet: Fleet
    deployment: Mapping[str, Any]
    summaries: list[dict[str, Any]]
    started: datetime

    @property
    def config_name(self) -> str:
        return str(self.fleet.config["EndpointConfigName"])


class Endpoints:
    """The operations on endpoints, and the fleets that serve them."""

    def __init__(self, context: Context) -> None:
        self._services, self._store, self._workers = context.services, context.store, context.workers
        self._fleets = Fleets(context)
        self._events = EndpointEvents(context.services, context.store)
        self._serving: dict[str, Fleet] = {}
        self._all: set[Fleet] = set()
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        kept = structural(self._store, ENDPOINT)
        return {
            "CreateEndpoint": self.create,
            "UpdateEndpoint": self.update,
            "DeleteEndpoint": self.delete,
            "DescribeEndpoint": kept["DescribeEndpoint"],
            "ListEndpoints": kept["ListEndpoints"],
        }

    def serving(self, name: str) -> Fleet | None:
        """The fleet that takes an endpoint's traffic; None when there is none."""
        with self._lock:
            return self._serving.get(name)

    def create(self, params: Params, _: Call) -> Params:
        """Start an endpoint: Creating now, InService when its servers are healthy."""
        name = params["EndpointName"]
        config = self._store.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        self._fleets.check(config)
        members = {**params, "EndpointStatus": "Creating"}
        if "DeploymentConfig" in params:
            members["LastDeploymentConfig"] = params["DeploymentConfig"]
        endpoint = self._store.add(ENDPOINT, name, members)
        self._events.state(endpoint)
        fleet = self._keep(self._fleets.make(name, config, Kept()))
        self._workers.start(f"create-{name}", lambda: self._create(name, fleet))
        return endpoint

    def update(self, params: Params, _: Call) -> Params:
        """Move an endpoint to another configuration: blue/green, all at once.

        Raises ValidationError while another change is under way, for a configuration that does not exist or has other
        variants; UnsupportedLocally for other policies, before anything changes.
        """
        name = params["EndpointName"]
        before = self._store.get(ENDPOINT, name)
        _require_updatable(before)
        config = self._store.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        deployment = params.get("DeploymentConfig", {})
        if params.get("RetainDeploymentConfig"):
            deployment = before.get("LastDeploymentConfig", {})
        require_supported(deployment)
        require_same_variants(before, config)
        self._fleets.check(config)
        serving = self.serving(name)
        kept = Kept.of(params, before, capture=serving.capture if serving else None)
        change = _Change(
            name=name,
            fleet=self._fleets.make(name, config, kept),
            deployment=deployment,
            summaries=variant_summaries(config, kept),
            started=self._services.clock.now(),
        )
        endpoint = self._store.edit(ENDPOINT, name, lambda record: self._begin(record, change))
        self._keep(change.fleet)
        self._events.state(endpoint)
        self._events.deployment(endpoint)
        self._workers.start(f"update-{name}", lambda: self._update(change))
        return endpoint

    def delete(self, params: Params, _: Call) -> Params:
        """Delete an endpoint: Deleting now, gone when its servers have ended."""
        name = params["EndpointName"]

        def deleting(record: Record) -> Mapping[str, Any]:
            _require_at_rest(record)
            return {"EndpointStatus": "Deleting"}

        self._events.state(self._store.edit(ENDPOINT, name, deleting))
        self._workers.start(f"delete-{name}", lambda: self._delete(name))
        return {}

    def close(self) -> None:
        """End every server of every fleet."""
        with self._lock:
            fleets = list(self._all)
            self._serving.clear()
        for fleet in fleets:
            fleet.stop()

    def _create(self, name: str, fleet: Fleet) -> None:
        try:
            fleet.start()
        except _START_FAILED as error:
            self._discard(fleet)
            self._settle(name, EndpointStatus="Failed", FailureReason=str(error)[:_REASON_CHARACTERS])
            return
        self._switch(name, fleet)
        self._settle(
            name,
            EndpointStatus="InService",
            ProductionVariants=variant_summaries(fleet.config, Kept()),
            DataCaptureConfig=capture_summary(fleet.capture),
        )

    def _begin(self, record: Record, change: _Change) -> Mapping[str, Any]:
        _require_updatable(record)
        return {
            "EndpointStatus": "Updating",
            "PendingDeploymentSummary": self._pending(change, "Creating", "Launching {count} instance(s)."),
            "LastDeploymentConfig": change.deployment or None,
            "FailureReason": None,
        }

    def _update(self, change: _Change) -> None:
        try:
            change.fleet.start()
        except _START_FAILED as error:
            self._discard(change.fleet)
            reason = str(error)[:_REASON_CHARACTERS]
            self._settle(change.name, EndpointStatus="InService", PendingDeploymentSummary=None, FailureReason=reason)
            return
        old = self._switch(change.name, change.fleet)
        self._bake(change)
        self._settle(
            change.name,
            EndpointStatus="InService",
            EndpointConfigName=change.config_name,
            ProductionVariants=change.summaries,
            DataCaptureConfig=capture_summary(change.fleet.capture),
            PendingDeploymentSummary=None,
        )
        if old is not None:
            self._discard(old)

    def _bake(self, change: _Change) -> None:
        seconds = termination_wait_seconds(change.deployment)
        if not seconds:
            return
        message = f"Baking for {seconds} seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of"
        pending = self._pending(change, "Baking", f"{message} {{count}} instance(s).")
        self._events.deployment(self._store.change(ENDPOINT, change.name, PendingDeploymentSummary=pending))
        self._workers.wait(self._services.clock, timedelta(seconds=seconds))

    def _delete(self, name: str) -> None:
        with self._lock:
            fleet = self._serving.pop(name, None)
        if fleet is not None:
            self._discard(fleet)
        self._store.remove(ENDPOINT, name)

    def _switch(self, name: str, fleet: Fleet) -> Fleet | None:
        with self._lock:
            old = self._serving.get(name)
            self._serving[name] = fleet
        return old

    def _settle(self, name: str, **members: Any) -> None:
        self._events.state(self._store.change(ENDPOINT, name, **members))

    def _pending(self, change: _Change, status: str, message: str) -> dict[str, Any]:
        return pending_summary(
            change.fleet.config,
            change.summaries,
            started=change.started,
            status=status,
            message=message,
            now=self._services.clock.now(),
        )

    def _keep(self, fleet: Fleet) -> Fleet:
        with self._lock:
            self._all.add(fleet)
        return fleet

    def _discard(self, fleet: Fleet) -> None:
        fleet.stop(drain=not self._workers.closing)
        with self._lock:
            self._all.discard(fleet)


def _require_at_rest(endpoint: Record) -> None:
    if endpoint["EndpointStatus"] in _IN_PROGRESS:
        raise ValidationError(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')


def _require_updatable(endpoint: Record) -> None:
    _require_at_rest(endpoint)
    if endpoint["EndpointStatus"] == "Failed":
        arn = endpoint["EndpointArn"]
        raise ValidationError(f'Cannot update endpoint "{arn}" because its status is Failed: it can only be deleted.')
