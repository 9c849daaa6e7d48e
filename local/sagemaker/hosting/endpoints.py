"""Endpoints: created, moved to another configuration, deleted; the slow part on threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.errors import AwsError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.hosting.board import Board, Pending, launching
from local.sagemaker.hosting.events import EndpointEvents
from local.sagemaker.hosting.fleet import Fleet
from local.sagemaker.hosting.fleets import Fleets, ServerFleets
from local.sagemaker.hosting.instance import START_FAILED
from local.sagemaker.hosting.kept import Kept
from local.sagemaker.hosting.models import containers
from local.sagemaker.hosting.plan import Counts
from local.sagemaker.hosting.refusals import (
    IN_PROGRESS,
    require_at_rest,
    require_deployable,
    require_one_policy,
    require_same_variants,
    require_updatable,
    served,
)
from local.sagemaker.hosting.rollout import Change, Outcome, Rollout
from local.sagemaker.hosting.routes import Active, Route, Routes
from local.sagemaker.hosting.scaling import Scaling
from local.sagemaker.hosting.summaries import capture_summary, variant_summaries
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG, MODEL
from local.sagemaker.resources import Record
from local.sagemaker.structural import structural
from local.wire import Call

Params = dict[str, Any]

_REASON_CHARACTERS = 1024
_INTERRUPTED = "The update ended with the process that ran it; the endpoint has its old configuration."


class Endpoints:
    """The operations on endpoints, and the fleets that serve them."""

    def __init__(
        self,
        context: Context,
        *,
        fleets: Fleets | None = None,
        chance: random.Random | None = None,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context, self._clock = context, context.services.clock
        self._store, self._workers = context.store, context.workers
        self._fleets: Fleets = fleets or ServerFleets(context)
        self._events = EndpointEvents(context.services, context.store)
        self._routes, self._wall = Routes(chance), wall
        self._serving: dict[str, Fleet] = {}
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        kept = structural(self._store, ENDPOINT)
        return {
            "CreateEndpoint": self.create,
            "UpdateEndpoint": self.update,
            "UpdateEndpointWeightsAndCapacities": Scaling(
                self._context, routes=self._routes, serving=self.serving
            ).update,
            "DeleteEndpoint": self.delete,
            "DescribeEndpoint": kept["DescribeEndpoint"],
            "ListEndpoints": kept["ListEndpoints"],
        }

    def serving(self, name: str) -> Fleet | None:
        """The fleet of the configuration that an endpoint has; None when there is none."""
        with self._lock:
            return self._serving.get(name)

    def route(self, name: str, variant: str | None) -> Route | None:
        """Where the next request to an endpoint goes; see Routes.pick."""
        return self._routes.pick(name, variant)

    def described(self, name: str) -> Record:
        """What DescribeEndpoint shows; nothing for a name that no endpoint has."""
        try:
            return self._store.get(ENDPOINT, name)
        except AwsError:
            return {}

    def create(self, params: Params, _: Call) -> Params:
        """Start an endpoint: Creating now, InService when its servers are healthy. DeploymentConfig is only kept."""
        name = params["EndpointName"]
        config = self._store.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        deployment = params.get("DeploymentConfig", {})
        require_one_policy(deployment)
        self._fleets.check(config)
        counts, fleet = Kept().instance_counts(config), self._fleets.make(name, config, Kept())
        pending = self._pending(name, config, fleet, counts=counts)
        members = {
            **params,
            "EndpointStatus": "Creating",
            "PendingDeploymentSummary": launching(pending, at=pending.started),
            **({"LastDeploymentConfig": deployment} if deployment else {}),
            "AsyncInferenceConfig": config.get("AsyncInferenceConfig"),
        }
        endpoint = self._store.add(ENDPOINT, name, members)
        self._events.state(endpoint)
        self._workers.start(f"create-{name}", lambda: self._create(name, fleet, counts))
        return endpoint

    def update(self, params: Params, _: Call) -> Params:
        """Move an endpoint to another configuration as the DeploymentConfig says; without one, all at once.

        Raises ValidationError while another change is under way, for a configuration that does not exist or has other
        variants, when the one that serves has been deleted, and for a deployment whose sizes or waits cannot be.
        """
        name = params["EndpointName"]
        before = self._store.get(ENDPOINT, name)
        require_updatable(before)
        config = self._store.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        self._store.get(ENDPOINT_CONFIG, before["EndpointConfigName"])
        require_same_variants(before, config)
        deployment = params.get("DeploymentConfig", {})
        if params.get("RetainDeploymentConfig"):
            deployment = before.get("LastDeploymentConfig", {})
        blue = served(self.serving(name), before)
        kept = Kept.of(params, before, capture=blue.capture)
        counts = kept.instance_counts(config)
        require_deployable(deployment, blue=blue.counts(), green=counts)
        self._fleets.check(config)
        green = self._fleets.make(name, config, kept)
        self._begin(Change(name, blue, green, counts, deployment), self._pending(name, config, green, counts=counts))
        return before

    def delete(self, params: Params, _: Call) -> Params:
        """Delete an endpoint: Deleting now, gone when its servers have ended."""
        name = params["EndpointName"]

        def deleting(record: Record) -> Mapping[str, Any]:
            require_at_rest(record)
            return {"EndpointStatus": "Deleting"}

        self._events.state(self._store.edit(ENDPOINT, name, deleting))
        self._workers.start(f"delete-{name}", lambda: self._delete(name))
        return {}

    def fail_rollback(self, name: str) -> None:
        """Let the rollback of an endpoint's deployment fail, this one's or the next one's: a fault to order for tests.

        The fleet that serves now cannot take the traffic back; the next fleet that serves knows nothing of it.
        """
        fleet = self.serving(name)
        if fleet is None:
            raise ENDPOINT.not_found(name=name, arn=self._store.arn(ENDPOINT, name))
        fleet.lose()

    def resume(self) -> None:
        """Serve again what the process before served, and wait for it; finish what it was doing.

        An endpoint that was being created is created anew, one that was being updated is back on its old
        configuration, and one that was being deleted goes.
        """
        threads = [
            threading.Thread(target=self._take_up_telling, args=(endpoint,), name=f"resume-{endpoint['EndpointName']}")
            for endpoint in self._store.all(ENDPOINT)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """End every server of every fleet."""
        self._routes.clear()
        self._fleets.stop()

    def _create(self, name: str, fleet: Fleet, counts: Counts) -> None:
        try:
            fleet.launch(counts)
        except START_FAILED as error:
            fleet.stop()
            reason = str(error)[:_REASON_CHARACTERS]
            self._settle(name, EndpointStatus="Failed", FailureReason=reason, PendingDeploymentSummary=None)
            return
        self._serve(name, fleet)
        self._routes.put(name, Active(fleet, counts))
        self._settle(name, EndpointStatus="InService", **_serving_members(fleet))
        self._deployed(name)

    def _take_up_telling(self, endpoint: Record) -> None:
        name, since = endpoint["EndpointName"], self._wall()
        self._take_up(endpoint)
        served = "serves again" if name in self._serving else "is taken up"
        self._context.services.tell(f"endpoint {name} {served} after {self._wall() - since:.1f} s")

    def _take_up(self, endpoint: Record) -> None:
        name, status = endpoint["EndpointName"], endpoint["EndpointStatus"]
        if status == "Deleting":
            self._delete(name)
        elif status != "Failed":
            kept = Kept() if status == "Creating" else Kept.resumed(endpoint)
            try:
                config = self._store.get(ENDPOINT_CONFIG, endpoint["EndpointConfigName"])
                fleet, counts = self._fleets.make(name, config, kept), kept.instance_counts(config)
            except AwsError as error:
                self._settle(name, EndpointStatus="OutOfService", FailureReason=f"It cannot be served again: {error}")
                return
            if status == "Creating":
                self._workers.start(f"create-{name}", lambda: self._create(name, fleet, counts))
            else:
                self._serve_again(endpoint, fleet, counts)

    def _serve_again(self, endpoint: Record, fleet: Fleet, counts: Counts) -> None:
        name = endpoint["EndpointName"]
        try:
            fleet.launch(counts)
        except START_FAILED as error:
            fleet.stop()
            self._settle(name, EndpointStatus="OutOfService", FailureReason=str(error)[:_REASON_CHARACTERS])
            return
        self._serve(name, fleet)
        self._routes.put(name, Active(fleet, counts))
        if endpoint["EndpointStatus"] in IN_PROGRESS:
            reason = _INTERRUPTED if "PendingDeploymentSummary" in endpoint else None
            self._settle(name, EndpointStatus="InService", FailureReason=reason, **_serving_members(fleet))

    def _begin(self, change: Change, pending: Pending) -> None:
        def begin(record: Record) -> Mapping[str, Any]:
            require_updatable(record)
            rest.append(record["EndpointStatus"])
            return {
                "EndpointStatus": "Updating",
                "PendingDeploymentSummary": launching(pending, at=pending.started),
                "LastDeploymentConfig": change.deployment or None,
                "FailureReason": None,
            }

        rest: list[str] = []
        endpoint = self._store.edit(ENDPOINT, change.endpoint, begin)
        self._events.state(endpoint)
        self._events.deployment(endpoint)
        Rollout(
            self._context,
            change,
            routes=self._routes,
            board=Board(self._context.services, self._store, pending),
            concluded=lambda outcome, reason: self._concluded(change, outcome, reason=reason, rest=rest[0]),
            wall=self._wall,
        ).start()

    def _concluded(self, change: Change, outcome: Outcome, *, reason: str, rest: str) -> None:
        fleet = change.green if outcome is Outcome.DEPLOYED else change.blue
        status = {Outcome.DEPLOYED: "InService", Outcome.ROLLED_BACK: rest}.get(outcome, "UpdateRollbackFailed")
        self._serve(change.endpoint, fleet)
        self._settle(
            change.endpoint,
            EndpointStatus=status,
            EndpointConfigName=fleet.config_name,
            FailureReason=reason[:_REASON_CHARACTERS] or None,
            AsyncInferenceConfig=self._asynchronous(fleet),
            **_serving_members(fleet),
        )
        if outcome is Outcome.DEPLOYED:
            self._deployed(change.endpoint)

    def _deployed(self, name: str) -> None:
        endpoint = self._store.get(ENDPOINT, name)
        try:
            config = self._store.get(ENDPOINT_CONFIG, endpoint["EndpointConfigName"])
            models = [self._store.get(MODEL, v["ModelName"]) for v in config["ProductionVariants"] if "ModelName" in v]
        except AwsError:
            return  # somebody has deleted them while they were being deployed: nobody knows what of
        held = [container for model in models for container in containers(model)]
        self._context.lineage.deployed(endpoint, held, at=endpoint["LastModifiedTime"])

    def _asynchronous(self, fleet: Fleet) -> Any:
        try:
            return self._store.get(ENDPOINT_CONFIG, fleet.config_name).get("AsyncInferenceConfig")
        except AwsError:
            return None  # somebody has deleted the configuration while it was being deployed

    def _delete(self, name: str) -> None:
        self._routes.drop(name)
        with self._lock:
            fleet = self._serving.pop(name, None)
        if fleet is not None:
            fleet.stop(drain=not self._workers.closing)
        self._store.remove(ENDPOINT, name)

    def _pending(self, name: str, config: Record, fleet: Fleet, *, counts: Counts) -> Pending:
        return Pending(name, config, variant_summaries(fleet.weights, counts), self._clock.now())

    def _serve(self, name: str, fleet: Fleet) -> None:
        with self._lock:
            self._serving[name] = fleet

    def _settle(self, name: str, **members: Any) -> None:
        if self._workers.closing:
            return  # what servers do that are being ended says nothing of the endpoint, which the next process has
        self._events.state(self._store.change(ENDPOINT, name, **members))


def _serving_members(fleet: Fleet) -> dict[str, Any]:
    return {
        "ProductionVariants": variant_summaries(fleet.weights, fleet.counts()),
        "DataCaptureConfig": capture_summary(fleet.capture),
        "ServingCapture": fleet.capture,
        "PendingDeploymentSummary": None,
    }
