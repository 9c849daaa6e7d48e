"""The servers of one endpoint configuration."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.errors import UnsupportedLocally
from local.sagemaker.context import Context
from local.sagemaker.errors import Unhealthy
from local.sagemaker.hosting.deployment import Kept
from local.sagemaker.hosting.models import containers, serving_container
from local.sagemaker.hosting.server import INVOCATION_SECONDS, Image, ModelServer
from local.sagemaker.kinds import MODEL
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record

# The Developer Guide gives a container 8 minutes to pass its health check unless the variant says otherwise.
_HEALTH_CHECK_SECONDS = 480
_CONFIG_NOT_SERVED = ("AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants")
_VARIANT_NOT_SERVED = ("ServerlessConfig", "ManagedInstanceScaling")


@dataclass(frozen=True)
class Variant:
    """A production variant and its server."""

    name: str
    config_name: str
    weight: float
    instance_count: int
    server: ModelServer
    log_stream_arn: str


class Fleet:
    """One process per variant of a configuration, started together."""

    def __init__(
        self,
        config: Record,
        variants: Mapping[str, Variant],
        *,
        health: Mapping[str, float],
        capture: Mapping[str, Any] | None,
    ) -> None:
        self.config, self.variants, self._health = config, variants, health
        self.capture = capture
        """The DataCaptureConfig that holds, which an update may have kept from the configuration before."""

    def start(self) -> None:
        """Start every server at once and wait until all are healthy. Raises Unhealthy for the first that is not."""
        failures: list[str] = []

        def begin(variant: Variant) -> None:
            try:
                variant.server.start(health_check_seconds=self._health[variant.name])
            except Unhealthy as error:
                failures.append(
                    f"The primary container for production variant {variant.name} did not pass the ping health check. "
                    f"Please check CloudWatch logs for this endpoint: {error}"
                )

        threads = [threading.Thread(target=begin, args=(variant,), daemon=True) for variant in self.variants.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise Unhealthy(failures[0])

    def stop(self, *, drain: bool = False) -> None:
        """End every server; with `drain` the requests under way are answered first."""
        for variant in self.variants.values():
            variant.server.stop(drain_seconds=INVOCATION_SECONDS if drain else 0)

    def pick(self) -> Variant:
        """A variant, by weight."""
        variants = list(self.variants.values())
        return random.choices(variants, weights=[variant.weight or 1e-12 for variant in variants])[0]


class Fleets:
    """Makes fleets from configurations."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._services, self._store, self._machine = context.services, context.store, context.machine

    def check(self, config: Record) -> None:
        """Refuse by name what cannot be served here, before anything is started."""
        for member in _CONFIG_NOT_SERVED:
            if config.get(member):
                raise UnsupportedLocally(f"{member} of endpoint configuration {config['EndpointConfigName']}")
        for variant in config["ProductionVariants"]:
            for member in _VARIANT_NOT_SERVED:
                if variant.get(member):
                    raise UnsupportedLocally(f"{member} of variant {variant['VariantName']}")
            if "ModelName" not in variant:
                raise UnsupportedLocally(f"inference components of variant {variant['VariantName']}")
            self._machine.require(self._image(variant).uri)

    def make(self, endpoint: str, config: Record, kept: Kept) -> Fleet:
        """A fleet that is not started yet; what is kept of the one before stands above the configuration."""
        variants, health = {}, {}
        for entry in config["ProductionVariants"]:
            name = entry["VariantName"]
            health[name] = entry.get("ContainerStartupHealthCheckTimeoutInSeconds", _HEALTH_CHECK_SECONDS)
            server = self._server(endpoint, entry)
            variants[name] = Variant(
                name=name,
                config_name=config["EndpointConfigName"],
                weight=kept.weights.get(name, entry["InitialVariantWeight"]),
                instance_count=kept.counts.get(name, entry.get("InitialInstanceCount", 1)),
                server=server,
                log_stream_arn=self._log_stream_arn(server.log),
            )
        capture = kept.capture if kept.keeps_capture else config.get("DataCaptureConfig")
        return Fleet(config, variants, health=health, capture=capture)

    def _server(self, endpoint: str, variant: Mapping[str, Any]) -> ModelServer:
        instance = f"i-{secrets.token_hex(8)}"
        container = self._machine.container("endpoint", endpoint, instance)
        log = Log(
            self._services.client("logs"),
            group=f"/aws/sagemaker/Endpoints/{endpoint}",
            stream=f"{variant['VariantName']}/{instance}",
            file=container.root / "log.txt",
        )
        return ModelServer(self._context, image=self._image(variant), container=container, log=log)

    def _image(self, variant: Mapping[str, Any]) -> Image:
        model = self._store.get(MODEL, variant["ModelName"])
        given = containers(model)
        if len(given) > 1:
            raise UnsupportedLocally(f"inference pipelines (model {model['ModelName']})")
        container = serving_container(self._store, given[0])
        if container.get("Mode") == "MultiModel":
            raise UnsupportedLocally(f"multi-model containers (model {model['ModelName']})")
        return Image(
            uri=container["Image"],
            model_data_url=container.get("ModelDataUrl"),
            environment=container.get("Environment", {}),
            role_arn=model.get("ExecutionRoleArn"),
        )

    def _log_stream_arn(self, log: Log) -> str:
        prefix = f"arn:aws:logs:{self._services.region}:{self._services.account}"
        return f"{prefix}:log-group:{log.group}:log-stream:{log.stream}"
