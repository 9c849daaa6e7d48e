"""Endpoints on fleets without processes, for what deployments do with fleets."""

from __future__ import annotations

import math
import random
import threading
from types import SimpleNamespace
from typing import Any

from local.clock import Clock
from local.model import service
from local.processes import Processes
from local.sagemaker.context import Context
from local.sagemaker.errors import Unhealthy
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG
from local.sagemaker.resources import Store
from local.sagemaker.workers import Workers
from local.services import Services

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e"
PATIENCE_SECONDS = 20


class FakeAlarms:
    """Alarms whose states a test sets."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self._listeners: list[Any] = []

    def state(self, name: str) -> str | None:
        return self.states.get(name)

    def subscribe(self, heard):
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    def set(self, name: str, state: str) -> None:
        self.states[name] = state
        for heard in list(self._listeners):
            heard(name, state)


class FakeFleet:
    """Counts instances; an instance is named by its configuration."""

    def __init__(self, config_name, weights, capture, fleets) -> None:
        self.config_name, self.weights, self.capture = config_name, weights, capture
        self._fleets = fleets
        self._instances = {name: [] for name in weights}
        self.stopped = self.lost = False

    def counts(self):
        return {name: len(instances) for name, instances in self._instances.items()}

    def launch(self, counts, *, patience_seconds=math.inf):
        fresh = {name: count - len(self._instances[name]) for name, count in counts.items()}
        if not any(number > 0 for number in fresh.values()):
            return
        seconds, broken = self._fleets.launch_seconds, self.config_name in self._fleets.broken
        self._fleets.wall += min(seconds, patience_seconds)
        if broken or seconds > patience_seconds:
            raise Unhealthy(f"{self.config_name} is not healthy")
        for name, number in fresh.items():
            variant = SimpleNamespace(name=name, config_name=self.config_name)
            self._instances[name] += [SimpleNamespace(variant=variant)] * number

    def shrink(self, counts, *, drain=True):
        for name, count in counts.items():
            del self._instances[name][count:]

    def stop(self, *, drain=False):
        self.shrink(dict.fromkeys(self._instances, 0))
        self.stopped = True

    def ready(self):
        return not self.lost

    def lose(self):
        self.lost = True

    def pick(self, name, active, *, chance):
        instances = self._instances[name][:active]
        return chance.choice(instances) if instances else None

    def adopt(self, other):
        for instance in other.instances():
            self._instances[instance.variant.name].append(instance)

    def instances(self):
        return [instance for instances in self._instances.values() for instance in instances]

    def release(self):
        self._instances = {name: [] for name in self._instances}


class FakeFleets:
    """Makes fleets that launch in `launch_seconds` of the machine's time, unless their configuration is `broken`."""

    def __init__(self) -> None:
        self.made: dict[str, FakeFleet] = {}
        self.broken: set[str] = set()
        self.launch_seconds = self.wall = 0.0

    def check(self, config):
        pass

    def make(self, endpoint, config, kept):
        weights = {
            entry["VariantName"]: kept.weights.get(entry["VariantName"], entry["InitialVariantWeight"])
            for entry in config["ProductionVariants"]
        }
        capture = kept.capture if kept.keeps_capture else config.get("DataCaptureConfig")
        fleet = self.made[config["EndpointConfigName"]] = FakeFleet(
            config["EndpointConfigName"], weights, capture, self
        )
        return fleet

    def stop(self):
        pass


class Hosting:
    """Endpoints over fake fleets, a stepped clock and alarms that a test sets. `e` is the endpoint of most tests."""

    def __init__(self, folder) -> None:
        self.clock, self.alarms, self.fleets = Clock(speed=0), FakeAlarms(), FakeFleets()
        self.events: list[tuple[str, dict[str, Any]]] = []
        services = self.services = Services(
            account="123456789012",
            region="eu-west-1",
            clock=self.clock,
            workdir=folder,
            processes=Processes(),
            session=lambda: None,
            emit=lambda source, kind, detail, **_: self.events.append((kind, detail)),
            alarms=self.alarms,
        )
        self.store = Store(clock=self.clock, account=services.account, region=services.region)
        self.workers = Workers()
        context = Context(services, self.store, None, self.workers, None, None)
        self.endpoints = Endpoints(context, fleets=self.fleets, chance=random.Random(7), wall=lambda: self.fleets.wall)
        self._handlers = self.endpoints.handlers()

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Ask for one operation."""
        call = SimpleNamespace(operation=service("sagemaker").operation_model(operation))
        return self._handlers[operation](params, call)

    def config(self, name: str, **counts: int) -> None:
        """A configuration of so many instances for each variant, which weigh 1."""
        entries = [
            {"VariantName": variant, "InitialInstanceCount": count, "InitialVariantWeight": 1.0, "InstanceType": "t"}
            for variant, count in (counts or {"V": 4}).items()
        ]
        self.store.add(ENDPOINT_CONFIG, name, {"ProductionVariants": entries})

    def endpoint(self, **counts: int) -> None:
        """The endpoint `e` in service with configuration `c1`; `c2` is like it."""
        for name in ("c1", "c2"):
            self.config(name, **counts)
        self.call("CreateEndpoint", EndpointName="e", EndpointConfigName="c1")
        self.settled()

    def update(self, deployment: dict[str, Any] | None = None, config: str = "c2", **more: Any) -> None:
        """Start a deployment of another configuration to `e`."""
        given = {} if deployment is None else {"DeploymentConfig": deployment}
        self.call("UpdateEndpoint", EndpointName="e", EndpointConfigName=config, **given, **more)

    def when(self, reached) -> dict[str, Any]:
        """The record of `e` once it is as wanted."""
        return self.store.until(ENDPOINT, "e", reached, timeout_seconds=PATIENCE_SECONDS)

    def stage(self, status: str, text: str = "") -> str:
        """The message of the pending deployment's first variant, once it is in a status and speaks of `text`."""

        def there(record):
            stage = _stage(record)
            return stage["Status"] == status and text in stage["StatusMessage"]

        return _stage(self.when(there))["StatusMessage"]

    def settled(self) -> dict[str, Any]:
        """The record of `e` once nothing is under way."""
        return self.when(lambda record: not record["EndpointStatus"].endswith(("ing", "Back")))

    def delete_config(self, name: str) -> None:
        """Delete a configuration, in use or not."""
        self.store.remove(ENDPOINT_CONFIG, name)

    def until_gone(self) -> None:
        """Wait until the endpoint has been deleted."""
        self.workers.join()
        assert not self.store.all(ENDPOINT)

    def told(self, what: str) -> list[dict[str, Any]]:
        """The details of the events "SageMaker Endpoint <what>State Change"."""
        return [detail for kind, detail in self.events if kind == f"SageMaker Endpoint {what}State Change"]

    def share(self, config: str, requests: int = 4000) -> float:
        """The share of requests that a configuration's instances get."""
        routes = [self.endpoints.route("e", None) for _ in range(requests)]
        return sum(route.instance.variant.config_name == config for route in routes) / requests

    def close(self) -> None:
        """End what is under way."""
        self.workers.close()
        self.clock.close()
        self.workers.join()
        threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("update-")]
        assert not threads, threads


def _stage(record: dict[str, Any]) -> dict[str, str]:
    pending = record.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])
    (stage,) = pending[0].get("VariantStatus", [{"Status": "", "StatusMessage": ""}])
    return stage
