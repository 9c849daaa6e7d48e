"""Models and endpoint configurations: what a later endpoint will run, checked and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.kinds import ENDPOINT_CONFIG, MODEL, MODEL_PACKAGE
from local.sagemaker.registry import require_model_data
from local.sagemaker.resources import Record, Store
from local.sagemaker.structural import structural
from local.wire import Call

Params = dict[str, Any]


class Models:
    """The operations on models and endpoint configurations."""

    def __init__(self, context: Context) -> None:
        self._store, self._files, self._machine = context.store, context.files, context.machine

    def handlers(self) -> dict[str, Handler]:
        """Create, Describe, List and Delete of both."""
        kept = {**structural(self._store, MODEL), **structural(self._store, ENDPOINT_CONFIG)}
        return {**kept, "CreateModel": self.create_model, "CreateEndpointConfig": self.create_config}

    def create_model(self, params: Params, _: Call) -> Params:
        """Keep a model. A versioned model package must be approved, model data must be in S3."""
        if ("PrimaryContainer" in params) == bool(params.get("Containers")):
            raise ValidationError("Exactly one of PrimaryContainer and Containers must be provided.")
        role = params.get("ExecutionRoleArn")
        if role is not None:
            self._machine.require_role(role)
        for container in containers(params):
            self._check(container, role)
        return self._store.add(MODEL, params["ModelName"], {"EnableNetworkIsolation": False, **params})

    def create_config(self, params: Params, _: Call) -> Params:
        """Keep a configuration whole, with AWS's default weight. Its models must exist."""
        variants = [{"InitialVariantWeight": 1.0, **variant} for variant in params["ProductionVariants"]]
        names = [variant["VariantName"] for variant in variants]
        if len(set(names)) < len(names):
            raise ValidationError(f"Variant names must be unique: {', '.join(names)}.")
        for variant in variants:
            if "ModelName" in variant:
                self._store.get(MODEL, variant["ModelName"])
        return self._store.add(
            ENDPOINT_CONFIG, params["EndpointConfigName"], {**params, "ProductionVariants": variants}
        )

    def _check(self, container: Mapping[str, Any], role: str | None) -> None:
        if "ModelPackageName" in container:
            package = self._store.get(MODEL_PACKAGE, container["ModelPackageName"])
            if "ModelPackageVersion" in package and package["ModelApprovalStatus"] != "Approved":
                arn, status = package["ModelPackageArn"], package["ModelApprovalStatus"]
                raise ValidationError(f"Model package {arn} is {status}: a versioned package must be Approved.")
        elif "Image" not in container:
            raise ValidationError("Either Image or ModelPackageName must be provided for a container.")
        if role is not None:  # without one nobody could look; nothing here serves such a model
            require_model_data(self._files.acting(role), container)


def containers(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a model, as they were given."""
    return list(model.get("Containers") or [model["PrimaryContainer"]])


def serving_container(store: Store, container: Mapping[str, Any]) -> Record:
    """What runs: the container of the model package it names, under the environment that it gives itself."""
    if "ModelPackageName" not in container:
        return dict(container)
    package = store.get(MODEL_PACKAGE, container["ModelPackageName"])
    packaged = package["InferenceSpecification"]["Containers"][0]
    environment = {**packaged.get("Environment", {}), **container.get("Environment", {})}
    return {**packaged, "Environment": environment}
