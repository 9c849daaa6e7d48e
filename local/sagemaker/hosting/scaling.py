"""UpdateEndpointWeightsAndCapacities: more or fewer instances, other weights, of the fleet that serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.context import Context
from local.sagemaker.hosting.board import TERMINATING
from local.sagemaker.hosting.events import EndpointEvents
from local.sagemaker.hosting.fleet import Fleet
from local.sagemaker.hosting.instance import START_FAILED
from local.sagemaker.hosting.plan import Counts
from local.sagemaker.hosting.refusals import require_updatable, served
from local.sagemaker.hosting.routes import Active, Routes
from local.sagemaker.hosting.summaries import Summary, variant_summaries
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

_REASON_CHARACTERS = 1024
_SCALING_OUT = "Scaling out desired instance count to {count}."


class Scaling:
    """Changes an endpoint's fleet in place; `serving` knows it."""

    def __init__(self, context: Context, *, routes: Routes, serving: Callable[[str], Fleet | None]) -> None:
        self._clock, self._store, self._workers = context.services.clock, context.store, context.workers
        self._events = EndpointEvents(context.services, context.store)
        self._routes, self._serving = routes, serving

    def update(self, params: Params, _: Call) -> Params:
        """Start to scale: Updating now, InService when the instances are there; weights change with them.

        Raises ValidationError while another change is under way, for a variant that the endpoint has not, for less
        than one instance, and when the endpoint's configuration has been deleted.
        """
        name, wanted = params["EndpointName"], params["DesiredWeightsAndCapacities"]
        before = self._store.get(ENDPOINT, name)
        require_updatable(before)
        self._store.get(ENDPOINT_CONFIG, before["EndpointConfigName"])
        for entry in wanted:
            _require_variant(before, entry)
        fleet = served(self._serving(name), before)
        counts = {**fleet.counts(), **_members(wanted, "DesiredInstanceCount")}
        weights = {**fleet.weights, **_members(wanted, "DesiredWeight")}
        endpoint = self._store.edit(ENDPOINT, name, lambda record: self._begin(record, counts, weights))
        self._events.state(endpoint)
        self._events.deployment(endpoint)
        self._workers.start(f"scale-{name}", lambda: self._scale(name, fleet, counts=counts, weights=weights))
        return endpoint

    def _begin(self, record: Record, counts: Counts, weights: Mapping[str, float]) -> Mapping[str, Any]:
        require_updatable(record)
        variants = [self._changing(summary, counts, weights) for summary in record["ProductionVariants"]]
        return {"EndpointStatus": "Updating", "ProductionVariants": variants, "FailureReason": None}

    def _changing(self, summary: Summary, counts: Counts, weights: Mapping[str, float]) -> Summary:
        name = summary["VariantName"]
        wanted, difference = counts[name], counts[name] - summary["CurrentInstanceCount"]
        changing = {**summary, "DesiredInstanceCount": wanted, "DesiredWeight": weights[name]}
        if difference:
            status = "Updating" if difference > 0 else "Deleting"
            message = _SCALING_OUT if difference > 0 else TERMINATING
            text = message.format(count=wanted if difference > 0 else -difference)
            entry = {"Status": status, "StatusMessage": text, "StartTime": self._clock.now()}
            changing["VariantStatus"] = [entry]
        return changing

    def _scale(self, name: str, fleet: Fleet, *, counts: Counts, weights: Mapping[str, float]) -> None:
        before = fleet.counts()
        try:
            fleet.launch(counts)
        except START_FAILED as error:
            self._undo(name, fleet, reason=str(error)[:_REASON_CHARACTERS])
            return
        fleet.weights = weights
        self._routes.put(name, Active(fleet, counts))
        if before != counts:
            fleet.shrink(counts)
        self._settle(name, fleet)

    def _undo(self, name: str, fleet: Fleet, *, reason: str) -> None:
        if self._workers.closing:
            return
        self._events.state(self._store.change(ENDPOINT, name, EndpointStatus="RollingBack"))
        self._settle(name, fleet, FailureReason=reason)

    def _settle(self, name: str, fleet: Fleet, **more: Any) -> None:
        variants = variant_summaries(fleet.weights, fleet.counts())
        members = {"EndpointStatus": "InService", "ProductionVariants": variants, **more}
        self._events.state(self._store.change(ENDPOINT, name, **members))


def _require_variant(endpoint: Record, entry: Mapping[str, Any]) -> None:
    name, names = entry["VariantName"], [variant["VariantName"] for variant in endpoint["ProductionVariants"]]
    if name not in names:
        arn = endpoint["EndpointArn"]
        raise ValidationError(f'Variant {name} is not a variant of endpoint "{arn}": it has {", ".join(names)}.')
    if "ServerlessUpdateConfig" in entry:
        raise UnsupportedLocally("ServerlessUpdateConfig of UpdateEndpointWeightsAndCapacities")
    if entry.get("DesiredInstanceCount", 1) < 1:
        raise ValidationError(f"DesiredInstanceCount of variant {name} must be at least 1.")


def _members(wanted: list[Params], member: str) -> dict[str, Any]:
    return {entry["VariantName"]: entry[member] for entry in wanted if member in entry}
