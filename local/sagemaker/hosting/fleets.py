"""Makes fleets from endpoint configurations, and knows all that are there."""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from local.errors import UnsupportedLocally
from local.sagemaker.context import Context
from local.sagemaker.hosting.fleet import Fleet, ServerFleet
from local.sagemaker.hosting.instance import Instance, Variant
from local.sagemaker.hosting.kept import Kept
from local.sagemaker.hosting.models import containers, serving_container
from local.sagemaker.hosting.server import Image, ModelServer
from local.sagemaker.kinds import MODEL
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record, Store

# The Developer Guide gives a container 8 minutes to pass its health check unless the variant says otherwise.
_HEALTH_CHECK_SECONDS = 480
_STARTS_AT_ONCE = 4
"""Model servers load their libraries for seconds of CPU time: more at once would only wait for each other."""
_CONFIG_NOT_SERVED = ("ExplainerConfig", "ShadowProductionVariants")
_CONTAINER_NOT_SERVED = ("AdditionalModelDataSources", "ModelDataSource")
_VARIANT_NOT_SERVED = ("ServerlessConfig", "ManagedInstanceScaling")


class Fleets(Protocol):
    """Where endpoints get their fleets from."""

    def check(self, config: Record) -> None:
        """Refuse by name what cannot be served here, before anything is started."""
        ...

    def make(self, endpoint: str, config: Record, kept: Kept) -> Fleet:
        """An empty fleet; what is kept of the one before stands above the configuration."""
        ...

    def stop(self) -> None:
        """End every fleet that was made."""
        ...


class ServerFleets:
    """Fleets of model servers on this machine."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._services, self._store, self._machine = context.services, context.store, context.machine
        self._slots = threading.BoundedSemaphore(_STARTS_AT_ONCE)
        # Weak: a fleet whose instances have ended is kept by nobody, or a thousand deployments would keep a thousand.
        self._made: weakref.WeakSet[ServerFleet] = weakref.WeakSet()
        self._lock = threading.Lock()

    def check(self, config: Record) -> None:
        """Refuse what no model server here can do, and images without a counterpart."""
        for member in _CONFIG_NOT_SERVED:
            if config.get(member):
                raise UnsupportedLocally(f"{member} of endpoint configuration {config['EndpointConfigName']}")
        for variant in config["ProductionVariants"]:
            for member in _VARIANT_NOT_SERVED:
                if variant.get(member):
                    raise UnsupportedLocally(f"{member} of variant {variant['VariantName']}")
            if "ModelName" not in variant:
                raise UnsupportedLocally(f"inference components of variant {variant['VariantName']}")
            self._machine.require(image_of(self._store, variant["ModelName"]).uri)

    def make(self, endpoint: str, config: Record, kept: Kept) -> ServerFleet:
        """An empty fleet of an endpoint."""
        config_name, variants, weights = config["EndpointConfigName"], {}, {}
        for entry in config["ProductionVariants"]:
            name = entry["VariantName"]
            seconds = entry.get("ContainerStartupHealthCheckTimeoutInSeconds", _HEALTH_CHECK_SECONDS)
            variants[name] = Variant(name, config_name, image_of(self._store, entry["ModelName"]), seconds)
            weights[name] = kept.weights.get(name, entry["InitialVariantWeight"])
        fleet = ServerFleet(
            config_name,
            variants,
            weights=weights,
            capture=kept.capture if kept.keeps_capture else config.get("DataCaptureConfig"),
            make=lambda variant, changed: self._instance(endpoint, variant, changed),
            slots=self._slots,
        )
        with self._lock:
            self._made.add(fleet)
        return fleet

    def stop(self) -> None:
        """End every model server."""
        with self._lock:
            made = list(self._made)
        for fleet in made:
            fleet.stop()

    def _instance(self, endpoint: str, variant: Variant, changed: Callable[[], None]) -> Instance:
        instance = f"i-{secrets.token_hex(8)}"
        container = self._machine.container("endpoint", endpoint, instance)
        role = variant.image.role_arn
        log = Log(
            lambda: self._context.identities.acting(role),
            group=f"/aws/sagemaker/Endpoints/{endpoint}",
            stream=f"{variant.name}/{instance}",
            file=container.root / "log.txt",
        )
        server = ModelServer(self._context, image=variant.image, container=container, log=log)
        prefix = f"arn:aws:logs:{self._services.region}:{self._services.account}"
        arn = f"{prefix}:log-group:{log.group}:log-stream:{log.stream}"
        return Instance(variant, server, log_stream_arn=arn, changed=changed)


def image_of(store: Store, model_name: str) -> Image:
    """What runs for a model. Raises UnsupportedLocally for models of several containers or none's role."""
    model = store.get(MODEL, model_name)
    if "ExecutionRoleArn" not in model:
        raise UnsupportedLocally(f"serving a model without ExecutionRoleArn (model {model['ModelName']})")
    given = containers(model)
    if len(given) > 1:
        raise UnsupportedLocally(f"inference pipelines (model {model['ModelName']})")
    container = serving_container(store, given[0])
    for member in _CONTAINER_NOT_SERVED:
        if container.get(member):
            raise UnsupportedLocally(f"{member} of a container (model {model['ModelName']})")
    if container.get("Mode") == "MultiModel":
        raise UnsupportedLocally(f"multi-model containers (model {model['ModelName']})")
    return Image(
        uri=container["Image"],
        model_data_url=container.get("ModelDataUrl"),
        environment=container.get("Environment", {}),
        role_arn=model["ExecutionRoleArn"],
        network=not model.get("EnableNetworkIsolation", False),
    )
