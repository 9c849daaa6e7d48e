"""Shows how far a deployment has come: in the endpoint's record, and as an event for each step.

Statuses and messages are those of the API reference, "ProductionVariantStatus", and of the SageMaker Developer Guide,
"Endpoint deployment state change". Only two sizes of capacity have a message: a linear or rolling step that is not the
last speaks of its canary capacity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from local.sagemaker.hosting.events import EndpointEvents
from local.sagemaker.hosting.plan import Counts, Step
from local.sagemaker.hosting.summaries import Summary, pending_summary, with_counts, with_status
from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.resources import Record, Store
from local.services import Services

LAUNCHING = "Launching {count} instance(s)."
TERMINATING = "Terminating {count} instance(s)."
_ACTIVATING = "Activating traffic on {capacity} capacity of {{count}} instance(s)."
_BAKING = (
    "Baking for {seconds} seconds (TerminationWaitInSeconds) with traffic enabled on {capacity} capacity of "
    "{{count}} instance(s)."
)


@dataclass(frozen=True)
class Pending:
    """What is being deployed to an endpoint: a configuration, and its variants as they shall be."""

    endpoint: str
    config: Record
    summaries: list[Summary]
    started: datetime


def launching(pending: Pending, *, at: datetime) -> Summary:
    """The PendingDeploymentSummary of a deployment that has only begun."""
    counts = {summary["VariantName"]: summary["DesiredInstanceCount"] for summary in pending.summaries}
    none = dict.fromkeys(counts, 0)
    return _pending(pending, "Creating", LAUNCHING, current=none, shown=counts, at=at)


class Board:
    """The view on one deployment."""

    def __init__(self, services: Services, store: Store, pending: Pending) -> None:
        self._clock, self._store, self._pending = services.clock, store, pending
        self._events = EndpointEvents(services, store)

    def green(self, status: str, template: str, *, current: Counts, shown: Counts) -> None:
        """The new fleet is in a stage: `current` instances take traffic, the message speaks of `shown`."""
        summary = _pending(self._pending, status, template, current=current, shown=shown, at=self._clock.now())
        self._tell({"PendingDeploymentSummary": summary})

    def blue(self, status: str, template: str, *, current: Counts, shown: Counts) -> None:
        """Instances of the old fleet come or go: `current` are there."""

        def change(record: Record) -> Record:
            variants = with_counts(record["ProductionVariants"], current)
            return {"ProductionVariants": with_status(variants, status, _messages(template, shown), at=now)}

        now = self._clock.now()
        self._events.deployment(self._store.edit(ENDPOINT, self._pending.endpoint, change))

    def activating(self, step: Step) -> None:
        """Traffic is turned on."""
        template = _ACTIVATING.format(capacity=_capacity(step))
        self.green("ActivatingTraffic", template, current=_active(step), shown=_active(step))

    def baking(self, step: Step) -> None:
        """Traffic is on, and alarms are watched."""
        template = _BAKING.format(seconds=step.bake_seconds, capacity=_capacity(step))
        self.green("Baking", template, current=_active(step), shown=_active(step))

    def _tell(self, members: Record) -> None:
        self._events.deployment(self._store.change(ENDPOINT, self._pending.endpoint, **members))


def _pending(pending: Pending, status: str, template: str, *, current: Counts, shown: Counts, at: datetime) -> Summary:
    summaries = with_status(with_counts(pending.summaries, current), status, _messages(template, shown), at=at)
    return pending_summary(pending.config, summaries, started=pending.started)


def _messages(template: str, shown: Counts) -> dict[str, str]:
    return {name: template.format(count=count) for name, count in shown.items()}


def _active(step: Step) -> dict[str, int]:
    return {name: capacity.green_active for name, capacity in step.variants.items()}


def _capacity(step: Step) -> str:
    return "full" if step.full else "canary"
