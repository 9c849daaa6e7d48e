"""The models and endpoint configs that a serving stack has made, now and before: finding, describing, deleting them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

Kind = Literal["endpoint config", "model"]
TYPES: Mapping[str, Kind] = {"AWS::SageMaker::EndpointConfig": "endpoint config", "AWS::SageMaker::Model": "model"}
"""What the stack keeps when a release replaces it, by its type in CloudFormation."""


@dataclass(frozen=True, kw_only=True)
class Current:
    """What the stack itself holds of a kind: its name, and what the names of its predecessors begin with."""

    name: str
    family: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """A model or an endpoint config."""

    kind: Kind
    name: str
    arn: str
    created: datetime


def family(logical_id: str, name: str) -> str:
    """What the names of a resource and its predecessors begin with: all but the part that CloudFormation draws.

    An unnamed resource is called `<logical id>-<random part>`, the logical id cut where the name would be too long (AWS
    CloudFormation User Guide, "Name type"). The case is the logical id's: `name` may come from an ARN, where SageMaker
    lower-cases it, and a list of names is filtered by case.
    """
    stem = name.rpartition("-")[0] or name
    spelt = logical_id[: len(stem)] if logical_id.lower().startswith(stem.lower()) else stem
    return f"{spelt}-"


def find(prefix: str, kind: Kind, sagemaker: SageMakerClient) -> Iterator[Found]:
    """Everything of a kind whose name begins with `prefix`, in whatever case."""
    for found in _listed(prefix, kind, sagemaker):
        if found.name.lower().startswith(prefix.lower()):
            yield found


def tagged(found: Found, tags: Mapping[str, str], sagemaker: SageMakerClient) -> bool:
    """Whether it bears all these tags."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=found.arn)
    borne = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    return tags.items() <= borne.items()


def models_of(config: str, sagemaker: SageMakerClient) -> set[str]:
    """The names of the models that an endpoint config runs; none when there is no such config any more."""
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except sagemaker.exceptions.ClientError as error:
        # SageMaker says "not found" with a ValidationException: "Could not find endpoint configuration …".
        if "Could not find endpoint configuration" in str(error):
            return set()
        raise
    variants = [*described["ProductionVariants"], *described.get("ShadowProductionVariants", [])]
    return {variant["ModelName"] for variant in variants if "ModelName" in variant}


def delete(found: Found, sagemaker: SageMakerClient) -> str | None:
    """Delete it; the error's text when that fails."""
    try:
        if found.kind == "model":
            sagemaker.delete_model(ModelName=found.name)
        else:
            sagemaker.delete_endpoint_config(EndpointConfigName=found.name)
    except sagemaker.exceptions.ClientError as error:
        return str(error)
    return None


def _listed(prefix: str, kind: Kind, sagemaker: SageMakerClient) -> Iterator[Found]:
    if kind == "model":
        for models in sagemaker.get_paginator("list_models").paginate(NameContains=prefix):
            for model in models["Models"]:
                name, arn = model["ModelName"], model["ModelArn"]
                yield Found(kind=kind, name=name, arn=arn, created=model["CreationTime"])
        return
    for configs in sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=prefix):
        for config in configs["EndpointConfigs"]:
            name, arn = config["EndpointConfigName"], config["EndpointConfigArn"]
            yield Found(kind=kind, name=name, arn=arn, created=config["CreationTime"])
