"""The metrics of invocations, in AWS's names and units (Developer Guide, "Monitor with CloudWatch")."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.sagemaker.hosting.routes import Route
from local.services import Services

_NAMESPACE = "AWS/SageMaker"
_FLUSH = timedelta(seconds=1)


@dataclass(frozen=True)
class Invocation:
    """One request, as metrics see it; a status of 0 is no answer at all."""

    endpoint: str
    route: Route
    at: datetime
    status: int
    model_microseconds: float
    overhead_microseconds: float


class Metrics:
    """Collects invocations and hands them to CloudWatch in batches, so that requests do not wait for it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: list[Invocation] = []
        self._lock = threading.Lock()

    def record(self, invocation: Invocation) -> None:
        """Keep one invocation for the next batch."""
        with self._lock:
            first = not self._waiting
            self._waiting.append(invocation)
        if first:
            self._services.clock.after(_FLUSH, self.flush)

    def flush(self) -> None:
        """Hand over what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if waiting:
            self._services.record(_NAMESPACE, [datum for invocation in waiting for datum in _data(invocation)])


def _data(invocation: Invocation) -> Iterator[dict[str, Any]]:
    status, route = invocation.status, invocation.route
    variant = route.instance.variant
    values = (
        ("Invocations", 1.0, "None"),
        ("Invocation4XXErrors", float(400 <= status < 500), "None"),
        ("Invocation5XXErrors", float(status >= 500), "None"),
        ("InvocationModelErrors", float(not 200 <= status < 300), "None"),
        ("ModelLatency", invocation.model_microseconds, "Microseconds"),
        ("OverheadLatency", invocation.overhead_microseconds, "Microseconds"),
    )
    named = [{"Name": "EndpointName", "Value": invocation.endpoint}, {"Name": "VariantName", "Value": variant.name}]
    # The third dimension tells the fleets of a deployment apart.
    configured = [*named, {"Name": "EndpointConfigName", "Value": variant.config_name}]
    for dimensions, active in ((named, route.active), (configured, route.active_in_fleet)):
        for name, value, unit in (*values, ("InvocationsPerInstance", 1.0 / active, "None")):
            yield {
                "MetricName": name,
                "Value": value,
                "Unit": unit,
                "Dimensions": dimensions,
                "Timestamp": invocation.at,
            }
